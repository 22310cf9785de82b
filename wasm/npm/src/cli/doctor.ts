// Examines a server: what it does for a page's calls, and for their retries.

import type { Asked } from "./arguments.js";
import type { Part } from "./configuration.js";
import { CorsCheck } from "./cors-check.js";
import type { Diagnosis, Finding } from "./diagnosis.js";
import { type Answer, exchange, negotiate, type Protocol } from "./exchange.js";
import {
  CONTENT_TYPES,
  codeName,
  emptyMessage,
  type Format,
  isGrpcWeb,
  readStatus,
  requestFrame,
  type Spoken,
} from "./grpc-web.js";
import { notGrpcWeb, unreachable } from "./reasons.js";

/** A method that no server has. */
const NO_METHOD = "/hedgerow.doctor.v1.Doctor/Ask";

/** A method that many servers have, and a message to which each of them answers NOT_FOUND: the health of an unknown service. */
const HEALTH = "/grpc.health.v1.Health/Check";
const UNKNOWN_SERVICE: Buffer = Buffer.from("\x0a\x08hedgerow");

/** What is called, and what came back the first time. */
interface Called {
  readonly method: string;
  readonly message: Uint8Array;
  readonly status: Spoken & { readonly status: number };
}

export async function examine(asked: Asked): Promise<Diagnosis> {
  return new Examination(asked).run();
}

class Examination {
  readonly #asked: Asked;
  readonly #findings: Finding[] = [];
  readonly #missing: Set<Part> = new Set();
  #protocol: Protocol = "HTTP/1.1";

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  async run(): Promise<Diagnosis> {
    const done = { findings: this.#findings, missing: this.#missing };
    if (!(await this.#reach())) return done;
    const called = await this.#call();
    if (!called) return done;
    await this.#findStatus(called);
    await this.#tryText(called);
    await this.#tryGzip(called);
    await this.#checkCors(called);
    await this.#tryWebSocket(called);
    return done;
  }

  #tell(kind: Finding["kind"], about: string, text: string): void {
    this.#findings.push({ kind, about, text });
  }

  /** Finds the protocol. Whether a server without TLS is there, the first call shows. */
  async #reach(): Promise<boolean> {
    const { url, origin } = this.#asked;
    if (url.startsWith("http:")) {
      const local = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
      if (origin?.startsWith("https:") && !local)
        this.#tell("fail", "TLS", "browsers let no page of an https: origin call an http: server: it needs a certificate");
      return true;
    }
    try {
      this.#protocol = await negotiate(url, this.#asked);
    } catch (error) {
      this.#tell("fail", "reachable", unreachable(error));
      return false;
    }
    return true;
  }

  /** Makes the first call. Returns what was called if the server speaks gRPC-Web. */
  async #call(): Promise<Called | undefined> {
    const { method } = this.#asked;
    const nothing = Buffer.alloc(0);
    const candidates: [string, Buffer][] = method
      ? [[method, nothing]]
      : [
          [NO_METHOD, nothing],
          [HEALTH, UNKNOWN_SERVICE],
        ];
    let refused = "";
    for (const [name, message] of candidates) {
      let answer: Answer;
      try {
        answer = await this.#post(name, "binary", requestFrame(message));
      } catch (error) {
        this.#tell("fail", "reachable", unreachable(error));
        return undefined;
      }
      refused ||= notGrpcWeb(answer, method !== undefined);
      const spoken = readStatus(answer, "binary");
      if (!isGrpcWeb(answer, "binary") || spoken.status === undefined) continue;
      this.#tellProtocol();
      this.#tell("ok", "gRPC-Web", `${codeName(spoken.status)} for ${name}`);
      return { method: name, message, status: { ...spoken, status: spoken.status } };
    }
    this.#tellProtocol();
    this.#tell("fail", "gRPC-Web", refused);
    return undefined;
  }

  #tellProtocol(): void {
    const queue = "browsers open at most six connections to such a server, so that hedges and streams wait for each other";
    if (this.#protocol === "HTTP/2") this.#tell("ok", "reachable", "HTTP/2");
    else if (this.#asked.url.startsWith("https:")) this.#tell("note", "reachable", `HTTP/1.1, not HTTP/2: ${queue}`);
    else this.#tell("note", "reachable", `HTTP/1.1, because browsers speak HTTP/2 only with TLS: ${queue}`);
  }

  /** Finds out where the status of a failed call is. */
  async #findStatus({ method, status }: Called): Promise<void> {
    let place: Spoken["in"] | undefined = status.status === 0 ? undefined : status.in;
    if (!place && method !== NO_METHOD) {
      const answer = await this.#post(NO_METHOD, "binary", emptyMessage("binary", false)).catch(() => undefined);
      const spoken = answer && isGrpcWeb(answer, "binary") ? readStatus(answer, "binary") : undefined;
      if (spoken?.status) place = spoken.in;
    }
    if (!place) this.#tell("note", "status", `where a failure has its status was not seen, because ${method} succeeded`);
    else if (place === "head") this.#tell("ok", "status", "in the response's head, so that failures are retried");
    else if (this.#asked.firstFrame) this.#tell("ok", "status", 'in the body: headerCommit: "firstFrame" retries such failures');
    else
      this.#tell(
        "fail",
        "status",
        'in the body, behind headers that commit a call, so that failures are not retried. Give the channel headerCommit: "firstFrame", and this command --first-frame',
      );
  }

  async #tryText({ method }: Called): Promise<void> {
    const answer = await this.#post(method, "text", emptyMessage("text", false)).catch(() => undefined);
    const works = answer && isGrpcWeb(answer, "text") && readStatus(answer, "text").status !== undefined;
    if (works) this.#tell("ok", "text", 'format: "text" works');
    else this.#tell("note", "text", 'format: "text" is not understood; the binary format, the default, is');
  }

  async #tryGzip({ method, status }: Called): Promise<void> {
    const more = { "grpc-encoding": "gzip", "grpc-accept-encoding": "gzip" };
    const answer = await this.#post(method, "binary", emptyMessage("binary", true), more).catch(() => undefined);
    const told = /\bgzip\b/.test(answer?.headers.get("grpc-accept-encoding") ?? "");
    const same = answer && readStatus(answer, "binary").status === status.status;
    if (told || (status.status === 0 && same)) this.#tell("ok", "gzip", 'sendCompression: "gzip" works');
    else if (status.status === 0) this.#tell("note", "gzip", 'sendCompression: "gzip" is refused: leave it out');
    else this.#tell("note", "gzip", "only a --method that succeeds shows whether compressed requests are read");
  }

  async #checkCors({ method }: Called): Promise<void> {
    const { url, origin } = this.#asked;
    if (origin === undefined) this.#tell("note", "CORS", "not checked: --origin says of which page");
    else if (origin === new URL(url).origin) this.#tell("ok", "CORS", "not needed, because the page has the same origin");
    else {
      const send = (options: boolean, headers: Record<string, string>) =>
        options
          ? exchange(this.#protocol, url + method, { method: "OPTIONS", headers }, this.#asked)
          : this.#post(method, "binary", emptyMessage("binary", false), headers);
      const check = new CorsCheck({ ...this.#asked, origin }, method === NO_METHOD, send);
      const { findings, missing } = await check.run();
      this.#findings.push(...findings);
      for (const part of missing) this.#missing.add(part);
    }
  }

  async #tryWebSocket({ method }: Called): Promise<void> {
    const { url, origin } = this.#asked;
    const headers = {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": Buffer.from("hedgerow's doctor").subarray(0, 16).toString("base64"),
      "sec-websocket-protocol": "grpc-websockets",
      ...(origin ? { origin } : {}),
    };
    const sent = { method: "GET", headers } as const;
    const answer = await exchange("HTTP/1.1", url + method, sent, this.#asked).catch(() => undefined);
    if (answer?.status === 101 && answer.headers.get("sec-websocket-protocol") === "grpc-websockets")
      this.#tell("ok", "WebSocket", "webSocket: true works");
    else
      this.#tell(
        "note",
        "WebSocket",
        `not offered (${answer ? `HTTP status ${answer.status}` : "no answer"}): leave out webSocket: true. The improbable-eng wrapper offers it with WithWebsockets(true)`,
      );
  }

  #post(method: string, format: Format, body: Uint8Array, more: Record<string, string> = {}): Promise<Answer> {
    const { url, origin, headers } = this.#asked;
    const own = Object.fromEntries([...headers].filter(([, value]) => value !== ""));
    const sent = {
      ...own,
      "content-type": CONTENT_TYPES[format],
      ...(format === "text" ? { accept: CONTENT_TYPES.text } : {}),
      "x-grpc-web": "1",
      "x-user-agent": "hedgerow-doctor",
      "grpc-timeout": `${Math.ceil(this.#asked.timeout)}m`,
      ...(origin ? { origin } : {}),
      ...more,
    };
    return exchange(this.#protocol, url + method, { method: "POST", headers: sent, body }, this.#asked);
  }
}
