// Which fault comes when. One of three servers and the wires to the proxies have a fault each, for as long as a slot lasts; then the
// next ones have their turn.

/** How many servers there are. */
export const SERVERS = 3;

/** What a server can suffer, in the order of the turns. */
const serverFaults = ["stop", "slow", "kill", "restart"] as const;

/** What the wires can suffer beside a server that is stopped, slow or restarted. */
const wireFaults = ["resets", "latency", "slow closes"] as const;

export type ServerFault = (typeof serverFaults)[number];
export type WireFault = (typeof wireFaults)[number] | "half-open";

export interface Slot {
  /** The server, from 0. */
  readonly server: number;
  readonly fault: ServerFault;
  readonly wire: WireFault;
}

/** After so many slots each server has had each fault, beside each that wires have, and all begins again. */
export const ROUND: number = SERVERS * serverFaults.length;

/**
 * The n-th slot, from 0.
 *
 * A half-open connection and a stopped server answer nothing for a slot, and each costs a call up to three attempts. A call has five. So
 * these two are never neighbours: connections are half-open beside a server that is killed, of which proxies tell at once.
 */
export function slot(n: number): Slot {
  const turn = n % serverFaults.length;
  const round = Math.floor(n / serverFaults.length);
  const fault = serverFaults[turn] ?? "stop";
  const wire = wireFaults[(round + turn) % wireFaults.length] ?? "latency";
  return { server: n % SERVERS, fault, wire: fault === "kill" ? "half-open" : wire };
}

/** What the schedule needs of a server. */
export interface Server {
  kill(): Promise<void>;
  terminate(): Promise<void>;
  restart(): Promise<void>;
  stop(): void;
  resume(): void;
}

/** What it needs of the wires: to have a fault for so many milliseconds. */
export interface Wires {
  suffer(fault: WireFault, span: number, wait: Wait): Promise<void>;
}

export type Wait = (ms: number) => Promise<void>;

export interface Chaos {
  readonly servers: readonly Server[];
  readonly wires: Wires;
  /** How long a slot lasts, in milliseconds. */
  readonly span: number;
  readonly wait: Wait;
  /** Whether all calls have been made, so that no more faults are needed. It is asked before each slot. */
  over(): boolean;
}

/** Plays slots until it is over, and returns how many. When a slot begins, all servers are up. */
export async function play({ servers, wires, span, wait, over }: Chaos): Promise<number> {
  let n = 0;
  for (; !over(); n++) {
    const { server, fault, wire } = slot(n);
    const victim = servers[server];
    if (!victim) throw new Error(`there is no server ${server}`);
    await Promise.all([suffer(victim, fault, span, wait), wires.suffer(wire, span, wait)]);
  }
  return n;
}

async function suffer(server: Server, fault: ServerFault, span: number, wait: Wait): Promise<void> {
  switch (fault) {
    case "kill":
      await server.kill();
      await wait(span);
      return server.restart();
    case "restart":
      await server.terminate();
      await server.restart();
      return wait(span);
    case "stop":
      return paused(server, span, wait);
    case "slow":
      // It gets a third of the time, in pieces, as on a machine that has too much to do.
      for (let piece = 0; piece < 10; piece++) {
        await paused(server, span / 15, wait);
        await wait(span / 30);
      }
  }
}

async function paused(server: Server, span: number, wait: Wait): Promise<void> {
  server.stop();
  await wait(span).finally(() => server.resume());
}
