import { isBytes } from "../api/foreign.js";
import type { FetchType } from "../api/platform.js";
import type { FetchLike } from "../index.js";
import { TestClock, whenStuck } from "./clock.js";
import { Exchange, type TestRequest } from "./request.js";
import { failureOf, play } from "./response.js";
import { checkedStep, type Failure, type Repeated, type Step, shown, wordsOf } from "./steps.js";

export interface TestServerOptions {
  /** Where it stands in for a server. Default "https://server.test". */
  readonly baseUrl?: string | undefined;
  /** What delays go by. Default: a clock of its own. One clock may serve several servers. */
  readonly clock?: TestClock | undefined;
  /** What backoffs are drawn as, from 0 to 1, by channels with these options. Default 1: with full jitter, the whole backoff. */
  readonly random?: number | undefined;
}

/** A server within the test. It answers as its steps say, and keeps the requests. */
export interface TestServer {
  readonly baseUrl: string;
  readonly clock: TestClock;
  /** Replaces the page's fetch. It needs no `this`. */
  readonly fetch: FetchType;
  /** For createChannel: baseUrl, fetch, clock, and random, which makes backoffs exact. */
  readonly options: {
    readonly baseUrl: string;
    readonly fetch: FetchLike;
    readonly clock: TestClock;
    readonly random: number;
  };
  /**
   * Says how requests to a method are answered. Each step answers one request, in the order in which they come, after the steps that were
   * added before. The method "*" is every method without steps of its own. A request for which no step is left fails with INTERNAL, is
   * not retried, and makes `verify` throw.
   *
   * A step answers once the whole request has come. A function is called when the request begins.
   */
  on(method: string, ...steps: (Step | Repeated)[]): TestServer;
  /** The requests that have come so far, to one method or to all, in order. */
  requests(method?: string): readonly TestRequest[];
  /** Throws unless there was a step for every request, and a request for every step. The steps of `always` need no request. */
  verify(): void;
}

/** Makes a server that needs no network. Channels reach it by `server.options`, other clients by `server.fetch`. */
export function createTestServer(options: TestServerOptions = {}): TestServer {
  return new ScriptedServer(options);
}

/** The steps of one method. */
class Script {
  #entries: { readonly step: Step; left: number }[] = [];
  #words: string[] = [];

  add(one: Step | Repeated): void {
    const { step, times } = typeof one === "object" && one?.kind === "times" ? one : { step: checkedStep(one), times: 1 };
    this.#entries.push({ step, left: times });
    const words = wordsOf(step);
    this.#words.push(times === 1 ? words : times === Number.POSITIVE_INFINITY ? `always(${words})` : `times(${times}, ${words})`);
  }

  take(): Step | undefined {
    const entry = this.#entries.find(({ left }) => left > 0);
    if (entry) entry.left--;
    return entry?.step;
  }

  /** The steps for which no request came. */
  get left(): readonly string[] {
    const due = this.#entries.filter(({ left }) => left > 0 && left !== Number.POSITIVE_INFINITY);
    return due.map(({ step, left }) => (left === 1 ? wordsOf(step) : `times(${left}, ${wordsOf(step)})`));
  }

  toString(): string {
    return this.#words.join(", ");
  }
}

class ScriptedServer implements TestServer {
  readonly baseUrl: string;
  readonly clock: TestClock;
  readonly options: TestServer["options"];
  #scripts: Map<string, Script> = new Map();
  #exchanges: Exchange[] = [];
  /** How many requests have come to each method. */
  #counts: Map<string, number> = new Map();
  #problems: string[] = [];

  constructor({ baseUrl = "https://server.test", clock = new TestClock(), random = 1 }: TestServerOptions) {
    const page = typeof location === "object" ? location.href : undefined;
    this.baseUrl = new URL(baseUrl, page).href.replace(/\/+$/, "");
    this.clock = clock;
    this.options = { baseUrl: this.baseUrl, fetch: this.fetch, clock, random };
    whenStuck(clock, () => {
      const hanging = this.#exchanges.find(({ hangs, endedAt }) => hangs && endedAt === undefined);
      return hanging && `${nameOf(hanging)} hangs, and no timer is set. Give the call a timeoutMs, or abort it`;
    });
  }

  on(method: string, ...steps: (Step | Repeated)[]): TestServer {
    if (typeof method !== "string" || !/^(\*|\/[^/]+\/[^/]+)$/.test(method))
      throw new TypeError(`on takes a method, such as "/package.Service/Method", or "*" for all others, not ${shown(method)}`);
    const script = this.#scripts.get(method) ?? new Script();
    this.#scripts.set(method, script);
    for (const step of steps) script.add(step);
    return this;
  }

  requests(method?: string): readonly TestRequest[] {
    return this.#exchanges.filter((exchange) => method === undefined || exchange.method === method);
  }

  verify(): void {
    const left = Array.from(this.#scripts, ([method, script]) => [method, script.left.join(", ")]);
    const found = [
      ...this.#problems,
      ...left.flatMap(([method, steps]) => (steps ? [`no request to ${method} came for ${steps}`] : [])),
    ];
    if (found.length > 0) throw new Error(`hedgerow/testing: ${found.join("\n  ")}`);
  }

  /** Marked as what stands in for a fetch: its errors are not those of a fetch that refuses a request. */
  readonly fetch: typeof globalThis.fetch = Object.assign(
    (input: RequestInfo | URL, init?: RequestInit) => this.#fetch(input, init),
    {
      double: true,
    },
  );

  async #fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const given = typeof input === "object" && "url" in input ? input : undefined;
    const url = given?.url ?? String(input);
    const client = init?.signal ?? given?.signal;
    client?.throwIfAborted();
    if (!url.startsWith(`${this.baseUrl}/`)) {
      const text = `a request to ${url} was sent to the server at ${this.baseUrl}`;
      this.#problems.push(text);
      throw new TypeError(`hedgerow/testing: ${text}`);
    }
    const body = init?.body ?? given?.body ?? null;
    const known = body === null || typeof body === "string" || isBytes(body) || isStream(body) ? body : new Response(body).body;
    const method = url.slice(this.baseUrl.length);
    const count = (this.#counts.get(method) ?? 0) + 1;
    this.#counts.set(method, count);
    const exchange = new Exchange(this.clock, method, count, new Headers(init?.headers ?? given?.headers), known, client);
    this.#exchanges.push(exchange);
    return exchange.unlessAborted(this.#answer(exchange, nameOf(exchange)));
  }

  async #answer(exchange: Exchange, name: string): Promise<Response> {
    const blame = (text: string): Failure => {
      this.#problems.push(text);
      return failureOf(text);
    };
    const step = this.#stepFor(exchange.method);
    if (!step) return play(exchange, blame(this.#missing(exchange.method, name)), blame);
    if (typeof step !== "function") {
      await exchange.whole();
      return play(exchange, step, blame);
    }
    try {
      const answer = await step(exchange);
      if (!isResponse(answer)) return play(exchange, checkedStep(answer), blame);
      exchange.end();
      return answer;
    } catch (error) {
      return play(exchange, blame(`the step for ${name}, a function, threw: ${String(error)}`), blame);
    }
  }

  #stepFor(method: string): Step | undefined {
    return (this.#scripts.get(method) ?? this.#scripts.get("*"))?.take();
  }

  #missing(method: string, name: string): string {
    const script = this.#scripts.get(method) ?? this.#scripts.get("*");
    if (script) return `no step is left for ${name}. The steps were: ${script}. Add one, or make the last one always(…)`;
    const known = [...this.#scripts.keys()].join(", ");
    return `there is no step for ${name}: ${known ? `only ${known} has steps` : "no method has steps"}. Add some with server.on("${method}", …)`;
  }
}

function isStream(body: object): body is ReadableStream<Uint8Array> {
  return "getReader" in body;
}

/** Whether a step's function answered with a Response, of whatever realm. */
function isResponse(answer: unknown): answer is Response {
  return Object.prototype.toString.call(answer) === "[object Response]";
}

/** "request 2 to /package.Service/Method (attempt 2)", counted for each method. */
function nameOf({ count, method, attempt }: Exchange): string {
  return `request ${count} to ${method} (attempt ${attempt})`;
}
