// The processes that these tests run: servers, and proxies in front of them. All end with the test file, whatever happens to it.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createChannel } from "hedgerow";
import { type ReportReply, ReportReplySchema, ReportRequestSchema } from "../gen/chaos/v1/chaos_pb.js";

export const root: string = join(process.env["HEDGEROW_PACKAGE"] ?? ".", "../..");

/** A folder of this test file's own. */
export const temp: string = mkdtempSync(join(tmpdir(), "hedgerow-interop-"));

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(temp, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

/** Starts a program and waits for the line that says that it listens. It ends with kill(), or with this process. */
async function start(command: string, args: readonly string[], ready: RegExp): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let said = "";
  await new Promise<void>((resolve, reject) => {
    const hear = (text: string) => {
      said = (said + text).slice(-10_000);
      if (ready.test(said)) resolve();
    };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    child.once("error", reject);
    child.once("exit", () => {
      running.delete(child);
      reject(new Error(`${command} ended before it listened: ${said}`));
    });
  });
  return child;
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill(signal);
  await exit;
}

/** A port that was free a moment ago may be taken by another program, or be an outgoing connection's for a moment. */
async function again<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 4; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}

interface Addresses {
  readonly http: string;
  readonly https: string;
  readonly certificate_spki_sha256: string;
  readonly certificate_pem: string;
}

/** The programs of servers, in bin: the demo's server, connect-go, and grpc-go's own test server. The first and the last use the
 * improbable wrapper. */
const programs = { wrapper: "server", "connect-go": "connect-server", "grpc-go": "grpc-server" } as const;

/** A server process. */
export class Backend {
  static #made = 0;
  /** The certificate and its key, for the proxies. Only connect-go's server writes them. */
  readonly key: string;
  readonly #executions: string;
  readonly #file: string;
  #addresses!: Addresses;
  #child!: ChildProcess;

  static async start(kind: keyof typeof programs): Promise<Backend> {
    const backend = new Backend(kind);
    await backend.#start("127.0.0.1:0");
    return backend;
  }

  private constructor(readonly kind: keyof typeof programs) {
    const name = join(temp, `${kind}-${++Backend.#made}`);
    this.#file = `${name}.json`;
    this.key = `${name}.pem`;
    this.#executions = `${name}.executions`;
  }

  async #start(addr: string): Promise<void> {
    const args = ["-addr", addr, "-tls-addr", "127.0.0.1:0", "-addresses", this.#file];
    if (this.kind === "connect-go") args.push("-key", this.key, "-executions", this.#executions);
    this.#child = await start(join(root, "bin", programs[this.kind]), args, /^ready$/m);
    this.#addresses = JSON.parse(await readFile(this.#file, "utf8"));
  }

  get http(): string {
    return this.#addresses.http;
  }
  get https(): string {
    return this.#addresses.https;
  }
  get spki(): string {
    return this.#addresses.certificate_spki_sha256;
  }
  get pem(): string {
    return this.#addresses.certificate_pem;
  }
  /** host:port */
  get address(): string {
    return new URL(this.http).host;
  }

  /** Returns what the server saw of a call id when so many attempts have begun and ended. The call for it has no policy. */
  async report(callId: string, attempts: number): Promise<ReportReply> {
    const request = create(ReportRequestSchema, { callId, waitForStarted: attempts, waitForEnded: attempts });
    const channel = await createChannel({ baseUrl: this.http, defaultTimeoutMs: 120_000 });
    try {
      const { message } = await channel.unary("/hedgerow.chaos.v1.Chaos/Report", toBinary(ReportRequestSchema, request));
      return fromBinary(ReportReplySchema, message);
    } finally {
      channel.close();
    }
  }

  /** Begins one more attempt of a script, which a step with waitForStarted waits for. */
  async release(script: Uint8Array): Promise<void> {
    const channel = await createChannel({ baseUrl: this.http });
    await channel.unary("/hedgerow.chaos.v1.Chaos/Do", script).finally(() => channel.close());
  }

  /**
   * All attempts that have begun in this server, also before it was killed: their call ids, and how many attempts came before. Only
   * connect-go's server writes them.
   */
  async executions(): Promise<string[]> {
    return (await readFile(this.#executions, "utf8")).split("\n").slice(0, -1);
  }

  /** Kills the server, as a crash would end it. */
  kill(): Promise<void> {
    return kill(this.#child, "SIGKILL");
  }

  /** Ends the server as an update would: running calls may finish. */
  terminate(): Promise<void> {
    return kill(this.#child, "SIGTERM");
  }

  /** The server does nothing until it is resumed. The system goes on accepting connections for it. */
  stop(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  /** Starts the server again, with the same port for HTTP/1.1. */
  restart(): Promise<void> {
    return again(() => this.#start(this.address));
  }
}

/** A proxy process before two or three backends, set up by a file that docs/proxies.md shows. */
export class ReverseProxy {
  #child: ChildProcess;

  static start(kind: "nginx" | "haproxy", backends: readonly Backend[], key: string): Promise<ReverseProxy> {
    return again(async () => {
      const [http, https] = [await freePort(), await freePort()];
      const text = await readFile(join(root, "interop", kind === "nginx" ? "nginx.conf.tmpl" : "haproxy.cfg.tmpl"), "utf8");
      const values: Record<string, string> = {
        HTTP: `127.0.0.1:${http}`,
        HTTPS: `127.0.0.1:${https}`,
        CERTIFICATE: key,
      };
      for (const [i, backend] of backends.entries()) values[`BACKEND_${i + 1}`] = backend.address;
      const all = backends.length === 3 ? text.replace(/^.*\$\{BACKEND_2\}.*\n/m, (line) => line + third(line)) : text;
      const filled = all.replace(/\$\{(\w+)\}/g, (_, name: string) => {
        assert.ok(values[name], `no value for ${name}`);
        return values[name];
      });
      const child = await (kind === "nginx" ? startNginx(filled) : startHaproxy(filled));
      return new ReverseProxy(child, `http://127.0.0.1:${http}`, `https://127.0.0.1:${https}`);
    });
  }

  /** An nginx of any configuration, for an address to listen on. */
  static nginx(configure: (address: string) => string): Promise<ReverseProxy> {
    return again(async () => {
      const address = `127.0.0.1:${await freePort()}`;
      return new ReverseProxy(await startNginx(configure(address)), `http://${address}`, "");
    });
  }

  private constructor(
    child: ChildProcess,
    readonly http: string,
    readonly https: string,
  ) {
    this.#child = child;
  }

  /** Ends the proxy with SIGTERM, because the workers of a master process that is killed live on. */
  kill(): Promise<void> {
    return kill(this.#child, "SIGTERM");
  }
}

/** The line of a third backend, made of that of the second. HAProxy's have names. */
function third(line: string): string {
  return line.replace("BACKEND_2", "BACKEND_3").replace("server two", "server three");
}

/** The snippet, in a configuration that writes nowhere but into the temporary folder. */
async function startNginx(snippet: string): Promise<ChildProcess> {
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${temp}/nginx-${name};`);
  const file = join(temp, "nginx.conf");
  const http = `http {\naccess_log off;\n${paths.join("\n")}\n${snippet}\n}`;
  await writeFile(
    file,
    `daemon off;\nworker_processes 2;\npid ${temp}/nginx.pid;\nerror_log stderr notice;\nevents {}\n${http}\n`,
  );
  return start(program("NGINX_PROGRAM"), ["-p", temp, "-e", "stderr", "-c", file], /start worker process \d/);
}

async function startHaproxy(config: string): Promise<ChildProcess> {
  const file = join(temp, "haproxy.cfg");
  await writeFile(file, config);
  return start(program("HAPROXY_PROGRAM"), ["-W", "-db", "-f", file], /Loading success/);
}

function program(variable: string): string {
  const path = process.env[variable];
  assert.ok(path, `${variable} names no program: make test-interop finds one`);
  return path;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
