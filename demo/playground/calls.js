// What the server of the playground saw of each call, as server/script/calls.go keeps it.

import { Ending } from "../dist/messages.js";

/** So many calls are remembered; the one that began first is forgotten first. */
const most = 5000;

export class Calls {
  #byId = new Map();

  #find(id) {
    let call = this.#byId.get(id);
    if (!call) {
      call = { first: performance.now(), executions: [], ended: 0, waiting: new Set() };
      this.#byId.set(id, call);
      if (this.#byId.size > most) this.#byId.delete(this.#byId.keys().next().value);
    }
    return call;
  }

  /** Counts an attempt. What it answers with has its number and a function that records its end. */
  begin(id, { method, previousAttempts, timeout }) {
    const call = this.#find(id);
    if (call.executions.length === 0) call.first = performance.now();
    const sinceFirst = () => BigInt(Math.round((performance.now() - call.first) * 1000));
    const record = {
      attempt: call.executions.length + 1,
      method,
      startedUs: sinceFirst(),
      endedUs: 0n,
      ending: Ending.RUNNING,
      code: 0,
    };
    Object.assign(record, { previousAttempts, timeout, received: 1 });
    call.executions.push(record);
    changed(call);
    return {
      attempt: record.attempt,
      end(ending, code) {
        if (record.ending !== Ending.RUNNING) return;
        Object.assign(record, { ending, code, endedUs: sinceFirst() || 1n }); // 0 would mean that it still runs
        call.ended++;
        changed(call);
      },
    };
  }

  /** The report on a call, once so many attempts have begun and ended. Rejects if the signal is aborted before. */
  async report(id, started, ended, signal) {
    const call = this.#find(id);
    while (call.executions.length < started || call.ended < ended) {
      await new Promise((resolve, reject) => {
        call.waiting.add(resolve);
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        if (signal.aborted) reject(signal.reason);
      });
    }
    return { started: call.executions.length, ended: call.ended, executions: call.executions };
  }
}

function changed(call) {
  for (const resolve of call.waiting) resolve();
  call.waiting.clear();
}
