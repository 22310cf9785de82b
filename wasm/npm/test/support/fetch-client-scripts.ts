// What the server does to the clients of ./fetch-clients.ts, and the results that they must have.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Outcome, Requests } from "./fetch-clients.js";
import { hang, Script, status } from "./server.js";

const busy = status(14, "busy");

/** The calls of one client. */
export class Calls {
  readonly #unary = new Script([busy, busy, {}]);
  readonly #stream = new Script([busy, { messages: 3 }]);
  readonly #failing = new Script([status(5, "nicht da: ü")]);
  readonly #late = new Script([busy, hang]);

  get requests(): Requests {
    const [unary = [], stream = [], failing = [], late = []] = [this.#unary, this.#stream, this.#failing, this.#late].map(
      ({ bytes }) => Array.from(bytes),
    );
    return { unary, stream, failing, late };
  }

  async check(t: TestContext, outcome: Outcome): Promise<void> {
    assert.deepEqual(outcome, { attempt: 3, indices: [1, 2, 3], codes: [5, 4], message: "nicht da: ü" });
    for (const [script, attempts] of [
      [this.#unary, 3],
      [this.#stream, 2],
      [this.#failing, 1],
      [this.#late, 2],
    ] as const)
      assert.equal((await script.report(t, attempts, attempts)).started, attempts);
  }
}
