// Asks a server for permission as browsers do, and finds what is missing.

import { allowedHeaders, exposedHeaders } from "../cors.js";
import type { Asked } from "./arguments.js";
import type { Part } from "./configuration.js";
import { exposesItself, notListed, refusesOrigin, refusesPreflight } from "./cors.js";
import type { Diagnosis, Finding } from "./diagnosis.js";
import type { Answer } from "./exchange.js";

/** What every call sends: without permission for these there is no call at all. The improbable-eng wrapper knows preflights by x-grpc-web. */
const ALWAYS: readonly string[] = ["content-type", "x-grpc-web", "x-user-agent"];

/** Sends a preflight, or else a call, with headers beside its own. */
type Send = (preflight: boolean, headers: Record<string, string>) => Promise<Answer>;

export class CorsCheck {
  readonly #origin: string;
  readonly #credentials: boolean;
  readonly #own: readonly string[];
  /** The method that is asked for is one that no server has. */
  readonly #noMethod: boolean;
  readonly #send: Send;
  /** An answer that allowed something said for how long. */
  #remembered = false;
  readonly #findings: Finding[] = [];
  readonly #missing: Set<Part> = new Set();

  constructor({ origin, credentials, headers }: Asked & { readonly origin: string }, noMethod: boolean, send: Send) {
    this.#origin = origin;
    this.#credentials = credentials;
    this.#own = [...headers.keys()].filter((name) => !allowedHeaders.includes(name));
    this.#noMethod = noMethod;
    this.#send = send;
  }

  async run(): Promise<Diagnosis> {
    await this.#preflight();
    await this.#answer();
    return { findings: this.#findings, missing: this.#missing };
  }

  #tell(kind: Finding["kind"], about: string, text: string, ...missing: Part[]): void {
    this.#findings.push({ kind, about, text });
    for (const part of missing) this.#missing.add(part);
  }

  #ask(names: readonly string[]): Promise<Answer> {
    return this.#send(true, {
      origin: this.#origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": [...names].sort().join(","), // sorted and without spaces, as browsers send it
    });
  }

  /** The names that an answer to a preflight for them does not allow; undefined if it allows nothing. */
  #denied(answer: Answer, names: readonly string[]): string[] | undefined {
    if (refusesPreflight(answer, this.#origin, this.#credentials)) return undefined;
    this.#remembered ||= answer.headers.has("access-control-max-age");
    return notListed(names, answer.headers.get("access-control-allow-headers"), this.#credentials);
  }

  async #preflight(): Promise<void> {
    const names = [...allowedHeaders, ...this.#own];
    let answer: Answer;
    let denied: string[] | undefined;
    try {
      answer = await this.#ask(names);
      denied = this.#denied(answer, names) ?? (await this.#oneByOne(names));
    } catch (error) {
      this.#tell("fail", "preflight", `no answer to OPTIONS: ${(error as Error).message}`, "origin", "allow");
      return;
    }
    if (!denied) this.#tellRefused(refusesPreflight(answer, this.#origin, this.#credentials));
    else if (denied.length > 0) this.#tell("fail", "preflight", consequence(denied), "allow");
    else this.#tell("ok", "preflight", `allows ${this.#origin} all headers that calls and retries send`);
    if (denied && !this.#remembered)
      this.#tell("note", "max age", "no Access-Control-Max-Age: browsers ask again every 5 seconds, for each method", "maxAge");
  }

  /** Many libraries refuse the whole preflight for one header. Finds which; undefined if nothing is allowed. */
  async #oneByOne(names: readonly string[]): Promise<string[] | undefined> {
    const always = await this.#ask(ALWAYS);
    const denied = this.#denied(always, ALWAYS);
    if (!denied) return undefined;
    for (const name of names.filter((name) => !ALWAYS.includes(name))) {
      const asked = [...ALWAYS, name];
      if (this.#denied(await this.#ask(asked), [name])?.length !== 0) denied.push(name);
    }
    return denied;
  }

  #tellRefused(why: string): void {
    const perhaps = this.#noMethod
      ? ". The improbable-eng wrapper refuses it for methods that it does not have: if this is one, name a method of yours with --method"
      : "";
    const missing: Part[] = ["origin", "allow", "expose", ...(this.#credentials ? (["credentials"] as const) : [])];
    this.#tell(
      "fail",
      "preflight",
      `OPTIONS is answered ${why}, so that browsers send no call from ${this.#origin}${perhaps}`,
      ...missing,
    );
  }

  /** What the page sees of a response. */
  async #answer(): Promise<void> {
    const answer = await this.#send(false, {});
    const refused = refusesOrigin(answer, this.#origin, this.#credentials);
    if (refused) {
      const missing: Part[] = this.#credentials ? ["origin", "credentials"] : ["origin"];
      this.#tell("fail", "response", `${refused}: browsers hide it from the page`, ...missing);
      return;
    }
    const list = answer.headers.get("access-control-expose-headers");
    // A header that only other answers have may be exposed there, if the list is made for each answer.
    const read = exposesItself(list) ? exposedHeaders.filter((name) => answer.headers.has(name)) : exposedHeaders;
    const hidden = notListed(read, list, this.#credentials);
    if (hidden.length === 0) this.#tell("ok", "response", "exposes the status, and whether and when to retry");
    else this.#tell("fail", "response", `hides ${hidden.join(", ")}: ${lost(hidden)}`, "expose");
    const varies = /\borigin\b|\*/i.test(answer.headers.get("vary") ?? "");
    if (!varies && !["*", null].includes(answer.headers.get("access-control-allow-origin") ?? null))
      this.#tell(
        "note",
        "vary",
        "no Vary: Origin. If the server allows several origins, a cache may give one page's answer to another",
      );
  }
}

/** What fails if these headers may not be sent. */
function consequence(denied: readonly string[]): string {
  const always = denied.filter((name) => ALWAYS.includes(name));
  const own = denied.filter((name) => !allowedHeaders.includes(name));
  const parts = [
    always.length > 0 ? `browsers send no call, because ${always.join(", ")} is not allowed` : "",
    denied.includes("grpc-timeout") ? "browsers send no call with a deadline, because grpc-timeout is not allowed" : "",
    denied.includes("grpc-previous-rpc-attempts")
      ? "browsers send no retry and no hedge, because grpc-previous-rpc-attempts is not allowed"
      : "",
    own.length > 0 ? `browsers send no call with this metadata: ${own.join(", ")}` : "",
  ];
  return parts.filter(Boolean).join("; ");
}

/** What is lost if these headers may not be read. */
function lost(hidden: readonly string[]): string {
  if (hidden.includes("grpc-status")) return "failures have no status, and are not retried";
  if (hidden.includes("grpc-retry-pushback-ms"))
    return "the server's pushback is not heard, so that calls are retried when they must not be";
  if (hidden.includes("grpc-encoding")) return "compressed answers cannot be read";
  return "failures have a code, and no more";
}
