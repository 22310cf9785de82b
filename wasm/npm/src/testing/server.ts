import { isBytes } from "../api/foreign.js";
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

/** A server within the test: it answers as its steps say, and keeps the requests. */
export interface TestServer {
  readonly baseUrl: string;
  readonly clock: TestClock;
  /** Stands in for the page's fetch; needs no `this`. */
  readonly fetch: typeof globalThis.fetch;
  /** For createChannel: baseUrl, fetch, clock, and random, which makes backoffs exact. */
  readonly options: {
    readonly baseUrl: string;
    readonly fetch: FetchLike;
    readonly clock: TestClock;
    readonly random: number;
  };
  /**
   * Says how requests to a method are answered: each step answers one, in the order in which they come, behind the steps that were
   * given before. The method "*" is every method without steps of its own. A request that no step is left for fails with INTERNAL,
   * is not retried, and is told by `verify`.
   *
   * A step answers when the whole request has come; a function is called when it begins.
   */
  on(method: string, ...steps: (Step | Repeated)[]): TestServer;
  /** The requests that have come so far, of one method or of all, in their order. */
  requests(method?: string): readonly TestRequest[];
  /** Throws unless every request found a step, and every step a request. The steps of `always` need none. */
  verify(): void;
}

/** Makes a server that is in nobody's network: channels reach it by `server.options`, other clients by `server.fetch`. */
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

  /** Those that no request came for. */
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
      throw new TypeError(`on takes a method, "/package.Service/Method", or "*" for all others, not ${shown(method)}`);
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
      ...left.flatMap(([method, steps]) => (steps ? [`no request came to ${method} for ${steps}`] : [])),
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
      const text = `a request to ${url} came to the server at ${this.baseUrl}`;
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
      return play(exchange, blame(`the function that is the step for ${name} failed: ${String(error)}`), blame);
    }
  }

  #stepFor(method: string): Step | undefined {
    return (this.#scripts.get(method) ?? this.#scripts.get("*"))?.take();
  }

  #missing(method: string, name: string): string {
    const script = this.#scripts.get(method) ?? this.#scripts.get("*");
    if (script) return `no step is left for ${name}, of these: ${script}. Add one, or make the last one always(…)`;
    const known = [...this.#scripts.keys()].join(", ");
    return `no step is there for ${name}: ${known ? `only ${known} has any` : "no method has any"}. Say server.on("${method}", …)`;
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
