// Counts what is alive, in a page and in Node alike. It must be imported before the package, whose timers and instances it counts.

const pending = new Set();
const { setTimeout: set, clearTimeout: clear } = globalThis;
globalThis.setTimeout = (act, after, ...args) => {
  const timer = set(() => {
    pending.delete(timer);
    act(...args);
  }, after);
  pending.add(timer);
  return timer;
};
globalThis.clearTimeout = (timer) => {
  pending.delete(timer);
  clear(timer);
};

const memories = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  constructor(module, imports) {
    super(module, imports);
    watchMemory(this);
  }

  static [Symbol.hasInstance](object) {
    return object instanceof Instance;
  }
};

/** Watches the memory of an instance that was made otherwise. */
export function watchMemory({ exports: { mem, memory } }) {
  memories.push(mem ?? memory);
}

/** Takes a page of memory, as a program that leaks would. */
export function grow() {
  memories[0].grow(1);
}

const listeners = new Set();
/** A signal that never aborts, as an application has one for all calls of a view. What listens to it is counted. */
export const shared = new AbortController().signal;
shared.addEventListener = (type, listener, options) => {
  listeners.add(listener);
  EventTarget.prototype.addEventListener.call(shared, type, listener, options);
};
shared.removeEventListener = (type, listener, options) => {
  listeners.delete(listener);
  EventTarget.prototype.removeEventListener.call(shared, type, listener, options);
};

/** Counts objects for as long as they live. */
export function following() {
  let living = 0;
  const registry = new FinalizationRegistry(() => living--);
  return {
    follow(object) {
      living++;
      registry.register(object, undefined);
      return object;
    },
    living: () => living,
  };
}

const calls = following();
/** Counts an object of an application's: a call, a message, a callback. */
export const follow = calls.follow;

/** Collects garbage, and waits until it is known what was collected. */
async function collect() {
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await new Promise((resolve) => set(resolve, 0));
  }
}

/** What lives now. Nothing may be in flight. */
export async function look() {
  await collect();
  if (memories.length !== 1) throw new Error(`there are ${memories.length} instances of the WebAssembly: one has died`);
  return { wasm: memories[0].buffer.byteLength, timers: pending.size, listeners: listeners.size, references: calls.living() };
}
