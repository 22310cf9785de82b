import type { Clock } from "../api/options.js";
import { type RequestFields, readFields, readWarning, type Warning } from "./actions.js";
import { PAGE_CLOCK, steady } from "./clock.js";
import type { Cursor } from "./cursor.js";
import { type Arguments, type Export, Host } from "./host.js";
import { runSafely } from "./run-safely.js";
import { Action } from "./table.js";
import { Timer } from "./timer.js";

/** A channel, which the engine tells what Go says about it. */
export interface ChannelHandler {
  refused(path: string, reason: string): void;
  warned(warning: Warning): void;
  /** After how many milliseconds a subscription is renewed. */
  renewed(after: number): void;
  /** What is to be stored. */
  learned(text: string): void;
  /** The channel has a budget, which its tabs share, and this is left of it. */
  budgeted(text: string): void;
  died(death: Error): void;
}

/** A call, which the engine tells what Go wants it to do. */
export interface CallHandler {
  /** Reads what follows an action's three words. */
  read(action: Action, attempt: number, cursor: Cursor): void;
  died(death: Error): void;
}

/** A host without its exports, which only the engine calls. */
export type Buffers = Omit<Host, "enter">;

/**
 * One instance of the WebAssembly, with the calls that live in it and the one timer that they share.
 *
 * All actions of an export are read first, and then performed in order. Reading runs no code of the user's. Performing does (fetch,
 * listeners, abort handlers), and that code may start or cancel calls, which overwrites the buffer of actions.
 */
export class Engine {
  /** Where the arguments of the next export are written, and the results of the last one are read. */
  readonly buffers: Buffers;
  readonly clock: Clock;
  readonly calls: Map<number, CallHandler> = new Map();
  readonly channels: Set<ChannelHandler> = new Set();
  /** The channel that is being opened, or asks: what Go says that is about no call is for this one. */
  asking: ChannelHandler | undefined;
  /** How often the page was left. */
  departures = 0;
  /** The page was left: it will soon be gone, or is in the back/forward cache. */
  #left = false;
  /** The page was told that it may be left, a moment ago. */
  #unloading = false;
  /** Directives of the page's policy, by the URLs that they forbade. */
  #forbidden: Map<string, string> = new Map();
  /** Events of the page concern it. */
  readonly #hears: boolean;
  #host: Host;
  #todo: (() => void)[] = [];
  #batching = false;
  /** The timer that all calls share. */
  #timer: Timer;
  #lastFields: RequestFields = [];

  constructor(module: WebAssembly.Module, clock: Clock, hears = true) {
    this.clock = clock === PAGE_CLOCK ? clock : steady(clock);
    this.#timer = new Timer(this.clock, (now) => this.enter("timer", now));
    this.#hears = hears;
    this.#host = new Host(
      module,
      (action, cursor) => this.#read(action, cursor),
      (death) => this.#tellDeath(death),
    );
    this.buffers = this.#host;
  }

  /** The engine listens to the page's events only while there is a channel. */
  addChannel(channel: ChannelHandler): void {
    this.channels.add(channel);
    if (this.channels.size === 1) this.#listen("addEventListener");
  }

  removeChannel(channel: ChannelHandler): void {
    if (this.channels.delete(channel) && this.channels.size === 0) this.#listen("removeEventListener");
  }

  #listen(how: "addEventListener" | "removeEventListener"): void {
    if (!this.#hears || typeof globalThis[how] !== "function") return; // a test may have taken back the page that it played
    globalThis[how]("securitypolicyviolation", this.#onViolation, true);
    for (const type of ["online", "offline", "pageshow", "pagehide", "beforeunload"]) globalThis[how](type, this.#onPage);
    if (typeof document === "object") document[how]("visibilitychange", this.#onPage);
  }

  /** The page is being left, or is in the back/forward cache. What ends its requests then is not a failure of a server. */
  get leaving(): boolean {
    return this.#left || this.#unloading;
  }

  /** Timers are late in a page that sleeps. Whenever the page may have woken up, Go looks at all of them again. */
  #onPage = ({ type }: Event): void => {
    if (type === "beforeunload") this.#unload();
    if (type === "pagehide") this.departures++;
    if (type === "pagehide" || type === "pageshow") this.#left = type === "pagehide";
    if (type === "pageshow") this.#unloading = false;
    if (type === "online" || type === "offline") this.enter("network", this.clock.now(), type === "online" ? 1 : 0);
    else if (!this.leaving) this.enter("timer", this.clock.now());
  };

  /**
   * Firefox and WebKit end a page's requests when its navigation begins, long before pagehide. Nothing follows if the navigation is a
   * download, or if the user stays. So this counts for a moment only, which begins when the page runs again: a dialog may have asked.
   */
  #unload(): void {
    this.#unloading = true;
    setTimeout(() =>
      setTimeout(() => {
        this.#unloading = false;
      }, UNLOADING),
    );
  }

  /** Notes what the page's Content-Security-Policy forbids, up to a hundred addresses. A policy, once there, stays. */
  #onViolation = (event: Event): void => {
    const { blockedURI, disposition, effectiveDirective } = event as SecurityPolicyViolationEvent;
    if (disposition === "report" || this.#forbidden.size > 99) return;
    this.#forbidden.set(blockedURI, effectiveDirective);
  };

  /**
   * Tells which directive forbids requests to a URL, if one does. The browser needs a turn to say so. Firefox, whose errors alone have a
   * columnNumber, tells a worker of it through the page's thread, which may be busy, while fetch rejects without waiting for that. What is
   * asked of the storage goes the same way, nearly always behind it, so it is asked a few times; but only secure contexts have it.
   */
  whenForbidden(url: string, tell: (directive: string | undefined) => void): void {
    const slow = typeof document !== "object" && "columnNumber" in Error();
    const storage = slow && navigator.storage;
    let turns = slow ? (storage ? STORAGE_TURNS : FIREFOX_TURNS) : 1;
    const look = (): void => {
      const found = this.#forbidden.get(url) ?? this.#forbidden.get(url.replace(/^http/, "ws"));
      if (found || !this.#hears || typeof addEventListener !== "function" || turns-- === 0)
        tell(found); // in Node nothing will be said
      else if (storage) storage.persisted().then(look, look);
      else setTimeout(look);
    };
    look();
  }

  /** Whether the browser knows that there is no network. It can never know that there is one. */
  get offline(): boolean {
    return typeof navigator === "object" && navigator.onLine === false;
  }

  /** Reads the fields of a request. The pairs are its own: they are handed to a fetch that may be the user's. */
  fields(cursor: Cursor): RequestFields {
    this.#lastFields = readFields(cursor, this.#lastFields);
    return this.#lastFields.map(([name, value]) => [name, value]);
  }

  /** Performs something after everything that is waiting to be performed. */
  later(act: () => void): void {
    this.#todo.push(act);
  }

  /** Calls an export, reads its actions and performs them: at once or, during a batch, at its end. */
  enter<E extends Export>(name: E, ...args: Arguments<E>): void;
  enter(name: Export, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0): void {
    const outer = this.#begin();
    try {
      this.#host.enter(name as "head", a, b, c, d, e, f); // which has the most arguments
    } finally {
      if (outer) this.#perform();
    }
  }

  /**
   * Runs act, which may call several exports, and then performs all of their actions, in order. If performing one of them calls another
   * export, the actions of that are performed last.
   */
  batch(act: () => void): void {
    const outer = this.#begin();
    try {
      act();
    } finally {
      if (outer) this.#perform();
    }
  }

  /** Begins a batch, unless this is part of one. */
  #begin(): boolean {
    if (this.#batching) return false;
    this.#batching = true;
    return true;
  }

  #perform(): void {
    for (let i = 0; i < this.#todo.length; i++) {
      runSafely(this.#todo[i] as () => void); // if one throws, the others are still performed
    }
    this.#todo.length = 0;
    this.#batching = false;
  }

  #read(action: Action, cursor: Cursor): void {
    const id = cursor.word();
    const attempt = cursor.signed();
    switch (action) {
      case Action.Timer: {
        const at = cursor.float();
        const patient = cursor.flag();
        this.later(() => this.#timer.set(at, patient));
        return;
      }
      case Action.Warn: {
        if (id !== 0) break;
        const { asking } = this;
        const warning = readWarning(cursor);
        this.later(() => asking?.warned(warning));
        return;
      }
      case Action.Refuse: // part of the answer to open_channel
        this.asking?.refused(cursor.text(), cursor.text());
        return;
      case Action.Budget:
        if (id !== 0) break;
        this.asking?.budgeted(cursor.text()); // part of the answer to open_channel or renew
        return;
      case Action.Renew: // the answer to renew
        this.asking?.renewed(cursor.float());
        return;
      case Action.State: // the answer to state
        this.asking?.learned(cursor.text());
        return;
    }
    this.calls.get(id)?.read(action, attempt, cursor);
  }

  /** The instance is dead. All calls and channels are told, and so is a call that enters it later. */
  #tellDeath(death: Error): void {
    this.#timer.stop();
    this.#listen("removeEventListener");
    const { calls, channels } = this;
    queueMicrotask(() =>
      this.batch(() => {
        for (const call of [...calls.values()]) call.died(death);
        for (const channel of channels) channel.died(death);
        channels.clear(); // each is told once
      }),
    );
  }
}

/** How long a page counts as being left after beforeunload, in milliseconds. Browsers take some ten of them to end its requests. */
const UNLOADING = 1000;

/** How many timers a worker in Firefox waits for what a policy forbids. From the sixth on each takes 4 ms. */
const FIREFOX_TURNS = 25;

/** How often it asks the storage instead, where there is one. */
const STORAGE_TURNS = 4;

const engines = new WeakMap<Clock, { readonly module: WebAssembly.Module; readonly engine: Engine }>();

/** The engine of a clock. A fresh one if the last one died. */
export function engineOf(module: WebAssembly.Module, clock: Clock): Engine {
  let current = engines.get(clock);
  if (!current?.engine.buffers.alive || current.module !== module) {
    current = { module, engine: new Engine(module, clock) };
    engines.set(clock, current);
  }
  return current.engine;
}
