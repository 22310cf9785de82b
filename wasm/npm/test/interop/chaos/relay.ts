// A relay of TCP connections, whose wires can be bad: slow, broken off, silent, or slow to say that the other end has closed.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Wait, WireFault, Wires } from "./schedule.js";

/** Draws numbers from 0 to below 1. */
export type Random = () => number;

/** How bad a relay's wires are, in milliseconds. */
interface Weather {
  /** Each piece takes so long, drawn between these. */
  readonly latency: readonly [least: number, most: number];
  /** How long after the end of one side the other one hears of it. */
  readonly closing: number;
}

const fair: Weather = { latency: [0, 0], closing: 0 };

export class Relay {
  weather: Weather = fair;
  readonly #pairs = new Set<Pair>();
  readonly #server: Server;

  /** A relay to this port of 127.0.0.1. */
  static async start(target: number, random: Random): Promise<Relay> {
    const relay = new Relay(target, random);
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    return relay;
  }

  private constructor(
    target: number,
    public random: Random,
  ) {
    // An end of one direction is passed on as such, so that only the ends decide when a connection is over.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
      const far = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
      const pair = new Pair(this, near, far);
      this.#pairs.add(pair);
      pair.closed.then(() => this.#pairs.delete(pair));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Resets each connection with this probability. Both ends are told at once. */
  reset(share: number): void {
    for (const pair of this.#pairs) if (this.random() < share) pair.reset();
  }

  /** From now on nothing gets through on a connection, with this probability for each. No end is told. Returns how to reset these. */
  silence(share: number): () => void {
    const silent = [...this.#pairs].filter(() => this.random() < share);
    for (const pair of silent) pair.silent = true;
    return () => {
      for (const pair of silent) pair.reset();
    };
  }

  /** Returns when no connection is left. */
  async close(): Promise<void> {
    this.#server.close();
    const pairs = [...this.#pairs];
    for (const pair of pairs) pair.reset();
    await Promise.all(pairs.map(({ closed }) => closed));
  }
}

/** A connection to the relay, and the relay's own to the target. */
class Pair {
  silent = false;
  readonly closed: Promise<unknown>;

  constructor(
    readonly relay: Relay,
    readonly near: Socket,
    readonly far: Socket,
  ) {
    this.closed = Promise.all([near, far].map((socket) => new Promise((resolve) => socket.once("close", resolve))));
    this.#pass(near, far);
    this.#pass(far, near);
  }

  reset(): void {
    for (const socket of [this.near, this.far]) reset(socket);
  }

  /** Passes on what comes from one side, in order, each piece when it is due; at last the end, or that the connection is gone. */
  #pass(from: Socket, to: Socket): void {
    const { relay } = this;
    const waiting = new Line();
    from.on("data", (piece) => {
      const [least, most] = relay.weather.latency;
      waiting.add(least + (most - least) * relay.random(), () => {
        if (!this.silent && to.writable) to.write(piece);
      });
    });
    from.on("end", () => waiting.add(relay.weather.closing, () => this.silent || to.end()));
    from.on("error", () => {}); // The close that follows is enough.
    from.on("close", (failed) =>
      waiting.add(relay.weather.closing, () => {
        if (failed && !this.silent) reset(to);
      }),
    );
  }
}

/**
 * Resets a connection at once. Node's resetAndDestroy sends an end first; if the connection breaks before that is done, Node 20 keeps its
 * handle for ever, and cannot even end the process, whose clean-up waits for the handle. So this sets what resetAndDestroy sets, and
 * destroys, unless an end is on its way.
 */
function reset(socket: Socket): void {
  if (!socket.writableEnded) Object.assign(socket, { resetAndClosing: true });
  socket.destroy();
}

/** What waits until it is due, in order. What is due at once, with nothing before it, does not wait for a timer. */
class Line {
  readonly #waiting: { readonly due: number; readonly act: () => void }[] = [];
  #last = 0;

  add(after: number, act: () => void): void {
    if (after <= 0 && this.#waiting.length === 0) {
      act();
      return;
    }
    this.#last = Math.max(this.#last, performance.now() + after);
    if (this.#waiting.push({ due: this.#last, act }) === 1) this.#sleep();
  }

  #sleep(): void {
    const [first] = this.#waiting;
    if (first) setTimeout(() => this.#wake(), first.due - performance.now());
  }

  #wake(): void {
    this.#waiting.shift()?.act();
    this.#sleep();
  }
}

/** The wires of all relays, which have the same fault at a time. */
export class RelayWires implements Wires {
  constructor(readonly relays: readonly Relay[]) {}

  async suffer(fault: WireFault, span: number, wait: Wait): Promise<void> {
    switch (fault) {
      case "latency":
        return this.#during({ ...fair, latency: [span / 100, span / 20] }, span, wait);
      case "slow closes":
        return this.#during({ ...fair, closing: span / 4 }, span, wait);
      case "resets":
        await wait(span / 4);
        for (const relay of this.relays) relay.reset(0.5);
        await wait(span / 2);
        for (const relay of this.relays) relay.reset(0.5);
        return wait(span / 4);
      case "half-open": {
        const resets = this.relays.map((relay) => relay.silence(0.5));
        await wait(span);
        for (const reset of resets) reset();
      }
    }
  }

  async #during(weather: Weather, span: number, wait: Wait): Promise<void> {
    for (const relay of this.relays) relay.weather = weather;
    await wait(span);
    for (const relay of this.relays) relay.weather = fair;
  }
}
