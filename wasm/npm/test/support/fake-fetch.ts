// A fetch for tests, which see each request and decide what happens to it.
import type { FetchLike } from "hedgerow";

/** One request that came to the fake fetch. */
export class Exchange {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
  readonly at = performance.now();
  #resolve!: (response: Response) => void;
  #reject!: (error: unknown) => void;
  readonly response: Promise<Response>;

  constructor(
    readonly url: string,
    readonly init: RequestInit,
  ) {
    this.headers = init.headers as [string, string][];
    this.body = init.body as Uint8Array;
    this.signal = init.signal as AbortSignal;
    this.response = new Promise<Response>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (this.signal.aborted) this.#reject(this.signal.reason);
    this.signal.addEventListener("abort", () => this.#reject(this.signal.reason), { once: true });
  }

  header(name: string): string | undefined {
    return this.headers.find(([n]) => n === name)?.[1];
  }

  /** grpc-previous-rpc-attempts. */
  get previous(): string | undefined {
    return this.header("grpc-previous-rpc-attempts");
  }

  respond(response: Response): void {
    this.#resolve(response);
  }

  fail(error: unknown): void {
    this.#reject(error);
  }
}

type Answer = Response | Error | ((exchange: Exchange) => Response | Promise<Response> | undefined) | undefined;

/** A fetch that records its requests. They get the answers in order; a request without one waits for `respond` or `fail`. */
export class FakeFetch {
  readonly exchanges: Exchange[] = [];
  #answers: Answer[];
  #waiting: (() => void)[] = [];

  constructor(...answers: Answer[]) {
    this.#answers = answers;
  }

  readonly fetch: FetchLike = (url, init) => {
    const exchange = new Exchange(url, init);
    const answer = this.#answers[this.exchanges.push(exchange) - 1];
    if (answer instanceof Error) exchange.fail(answer);
    else if (answer instanceof Response) exchange.respond(answer);
    else if (answer) {
      const response = answer(exchange);
      if (response)
        Promise.resolve(response).then(
          (r) => exchange.respond(r),
          (error) => exchange.fail(error),
        );
    }
    for (const wake of this.#waiting.splice(0)) wake();
    return exchange.response;
  };

  /** The n-th request, from 1, once it has come. */
  async request(n: number): Promise<Exchange> {
    while (this.exchanges.length < n) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.exchanges[n - 1] as Exchange;
  }

  get previous(): (string | undefined)[] {
    return this.exchanges.map((exchange) => exchange.previous);
  }
}
