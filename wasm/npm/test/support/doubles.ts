// Values that break every contract, drawn at random: stand-ins for what users' own fetches, signals, iterators and callbacks may give.

/** Draws the same numbers for the same seed (mulberry32). */
export class Draw {
  #state: number;
  /** How many numbers were drawn. */
  count = 0;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A number from 0 up to, and without, n. */
  below(n: number): number {
    this.count++;
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  }

  one<T>(...of: readonly T[]): T {
    return of[this.below(of.length)] as T;
  }

  /** Runs one of the functions. */
  among<T>(...makers: readonly (() => T)[]): T {
    return this.one(...makers)();
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}

export const thrown = (): never => {
  throw new Error("from a double");
};

/** Bytes whose buffer is somebody else's by now. */
function detached(): Uint8Array {
  const bytes = Uint8Array.of(1, 2, 3);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/** Makes values of all sorts. */
export class Oddities {
  readonly draw: Draw;
  /** Whether something may never settle: then a call needs a deadline. */
  readonly mayHang: boolean;

  constructor(draw: Draw, mayHang: boolean) {
    this.draw = draw;
    this.mayHang = mayHang;
  }

  /** The last things that doubles did, for whoever looks for what is wrong. */
  readonly story: string[] = [];

  /** Does something, and tells of it. */
  noted<T>(name: string, act: () => T): T {
    let told = `${name} throws`;
    try {
      const value = act();
      told = `${name} gives ${word(value)}`;
      return value;
    } finally {
      this.story.splice(30);
      this.story.unshift(told);
    }
  }

  /** Anything. */
  value(): unknown {
    return this.draw.among<unknown>(
      () => undefined,
      () => null,
      () => this.draw.one<unknown>(0, -1, Number.NaN, 1e300, 200, true, 10n, "", "text", "a\0b", Symbol("s")),
      () => this.draw.one<unknown>({}, [], Object.create(null), new Map(), () => {}, thrown),
      () => new Uint8Array(this.draw.below(4)),
      () => detached(),
      () => new ArrayBuffer(3),
      () => new Proxy({}, { get: thrown, has: thrown, getPrototypeOf: thrown, ownKeys: thrown }),
      () => this.error(),
    );
  }

  /** Something to throw, or to reject with. */
  error(): unknown {
    const { draw } = this;
    const named = (name: string) => Object.assign(new Error(draw.one("", "why")), { name });
    return draw.among<unknown>(
      () => named(draw.one("TypeError", "AbortError", "StatusError", "Error", "")),
      () => new TypeError("Failed to fetch", { cause: draw.one<unknown>(undefined, new Error("ECONNRESET"), "why", 5) }),
      () => Object.defineProperty(new Error("no"), draw.one("name", "cause", "message", "stack"), { get: thrown }),
      () => ({
        name: "StatusError",
        code: draw.one<unknown>(14, 0, -1, 99, "x", undefined),
        message: 5,
        trailer: draw.one<unknown>([], 5, undefined),
      }),
      () => ({ toString: thrown, [Symbol.toPrimitive]: thrown }),
      () => draw.one<unknown>(undefined, null, "text", 5, Symbol("s")),
    );
  }

  /** What a function of this name may do: return what is right, or anything, throw, reject, or never settle. */
  result(name: string, right: () => unknown): unknown {
    const { draw } = this;
    const act = draw.one<() => unknown>(
      right,
      right,
      right,
      () => Promise.resolve(right()),
      () => this.value(),
      () => Promise.resolve(this.value()),
      () => Promise.reject(this.error()),
      () => {
        throw this.error();
      },
      // biome-ignore lint/suspicious/noThenProperty: thenables are what this is about
      () => ({ then: draw.one<unknown>(thrown, 5, (go: (value: unknown) => void) => go(this.value())) }),
      () => (this.mayHang ? new Promise(() => {}) : this.value()),
    );
    return this.noted(name, act);
  }

  /** An object some of whose properties are missing, anything, or throw when they are read. */
  spoiled<T extends object>(whole: T, percent = 15): T {
    const object = {};
    for (const [name, value] of Object.entries(whole)) {
      const spoil = this.draw.chance(percent);
      this.draw.among(
        () => Object.defineProperty(object, name, { value: spoil ? this.value() : value, configurable: true }),
        () => Object.defineProperty(object, name, spoil ? { get: thrown, configurable: true } : { value, configurable: true }),
        () => spoil || Object.defineProperty(object, name, { value, configurable: true }),
      );
    }
    return object as T;
  }
}

function word(value: unknown): string {
  try {
    return Object.prototype.toString.call(value);
  } catch {
    return "something odd";
  }
}
