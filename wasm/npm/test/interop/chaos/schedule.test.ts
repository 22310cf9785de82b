import assert from "node:assert/strict";
import { test } from "node:test";
import { play, ROUND, SERVERS, type Server, slot, type WireFault } from "./schedule.js";

/** Servers that say what state they are in. Their time passes at once. */
function fakes(): { servers: Server[]; states: string[]; seen: string[] } {
  const states: string[] = Array.from({ length: SERVERS }, () => "up");
  const seen: string[] = [];
  const change = (i: number, state: string) => {
    states[i] = state;
    seen.push(states.join(" "));
  };
  const servers = states.map((_, i) => ({
    kill: async () => change(i, "killed"),
    terminate: async () => change(i, "terminated"),
    restart: async () => change(i, "up"),
    stop: () => change(i, "stopped"),
    resume: () => change(i, "up"),
  }));
  return { servers, states, seen };
}

async function playSlots(count: number): Promise<ReturnType<typeof fakes> & { wires: WireFault[]; waited: number[] }> {
  const world = fakes();
  const wires: WireFault[] = [];
  const waited: number[] = [];
  const suffer = async (fault: WireFault) => {
    wires.push(fault);
  };
  const wait = async (ms: number) => {
    waited.push(ms);
  };
  let left = count;
  const slots = await play({ servers: world.servers, wires: { suffer }, span: 2000, wait, over: () => left-- === 0 });
  assert.equal(slots, count);
  return { ...world, wires, waited };
}

test("never more than one server is down or stopped, and in the end all are up", async () => {
  const { seen, states } = await playSlots(3 * ROUND);
  assert.ok(seen.length > 6 * ROUND);
  for (const now of seen) assert.ok(now.split(" ").filter((state) => state !== "up").length <= 1, now);
  assert.deepEqual(states, ["up", "up", "up"]);
});

test("each server is killed, stopped, restarted and slow, for as long as a slot lasts", async () => {
  const pairs = new Set(Array.from({ length: ROUND }, (_, n) => `${slot(n).server} ${slot(n).fault}`));
  assert.equal(pairs.size, ROUND);
  const { seen, waited } = await playSlots(ROUND);
  for (const state of ["killed", "terminated", "stopped"])
    for (let i = 0; i < SERVERS; i++)
      assert.ok(
        seen.some((now) => now.split(" ")[i] === state),
        `${i} is never ${state}`,
      );
  assert.equal(Math.round(waited.reduce((sum, ms) => sum + ms, 0)), 2000 * ROUND);
});

test("wires have each fault, and are never half-open next to a server that is stopped", async () => {
  const { wires } = await playSlots(ROUND);
  assert.deepEqual([...new Set(wires)].sort(), ["half-open", "latency", "resets", "slow closes"]);
  for (let n = 0; n < 3 * ROUND; n++) {
    if (slot(n).fault !== "stop") continue;
    for (const near of [n + 2 * ROUND - 1, n, n + 1]) assert.notEqual(slot(near).wire, "half-open");
  }
});

test("a server that was stopped is resumed, even if the test ends meanwhile", async () => {
  const { servers, states } = fakes();
  const wires = { suffer: async () => {} };
  const wait = () => Promise.reject(new Error("over"));
  await assert.rejects(play({ servers, wires, span: 1, wait, over: () => false }), /over/);
  assert.deepEqual(states, ["up", "up", "up"]);
});
