// The engine with a small program of the test's own, for what no test of the public interface can cause at will.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE_CLOCK } from "../../src/abi/clock.js";
import { type CallHandler, type ChannelHandler, Engine } from "../../src/abi/engine.js";
import { Action } from "../../src/abi/table.js";
import { faulty } from "../support/builds.js";

const module = await WebAssembly.compile(faulty);

test("what Go asks for a call that JavaScript no longer has is passed over, and the next call's actions are read", () => {
  const engine = open();
  const kept = record(engine, 2);
  start(engine, 1, "/a.B/C"); // No call has this id.
  start(engine, 2, "/a.B/C");
  engine.enter("close_channel", 1, engine.clock.now());
  assert.deepEqual(kept.actions, [Action.Open, Action.Release, Action.Abort, Action.End]);
});

test("an action of which nothing was read does not disturb the next one", () => {
  const engine = open();
  const kept = record(engine, 1);
  start(engine, 1, "/a.B/C", { metadata: ["x-long", "x".repeat(1000)] });
  assert.deepEqual(kept.actions, [Action.Open, Action.Release]);
});

test("a call that is started on an instance that has died hears of it, as those did that ran; each channel once", async () => {
  const engine = open();
  const running = record(engine, 1);
  const deaths: Error[] = [];
  const channel: ChannelHandler = {
    refused: () => {},
    warned: () => {},
    learned: () => {},
    budgeted: () => {},
    renewed: () => {},
    died: (death) => deaths.push(death),
  };
  engine.addChannel(channel);
  start(engine, 1, "/a.B/C");
  start(engine, 2, "/hedgerow.Fault/Panic");
  assert.equal(engine.buffers.alive, false);
  assert.match(engine.buffers.death?.message ?? "", /a panic on purpose/);
  await Promise.resolve();
  assert.equal(running.deaths, 1);
  const late = record(engine, 3);
  start(engine, 3, "/a.B/C");
  await Promise.resolve();
  assert.equal(late.deaths, 1);
  assert.equal(running.deaths, 1);
  assert.equal(deaths.length, 1);
});

test("a program that was made of another table is refused in words", async () => {
  const other = await WebAssembly.compile(
    Uint8Array.from([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...[1, 8, 2, 0x60, 0, 0, 0x60, 0, 1, 0x7f], // the types of two functions
      ...[3, 3, 2, 0, 1],
      ...[5, 3, 1, 0, 1], // a page of memory, which is all 0
      ...[7, 34, 3, ...named("memory", 2, 0), ...named("_initialize", 0, 0), ...named("mailbox", 0, 1)],
      ...[10, 9, 2, 2, 0, 0x0b, 4, 0, 0x41, 0, 0x0b], // the mailbox is at 0
    ]),
  );
  assert.throws(() => new Engine(other, PAGE_CLOCK), { name: "LoadError", message: /another version of hedgerow/ });
});

/** An export of WebAssembly. */
function named(name: string, kind: number, index: number): number[] {
  return [name.length, ...Buffer.from(name), kind, index];
}

function open(): Engine {
  const engine = new Engine(module, PAGE_CLOCK);
  engine.enter("open_channel", 1, engine.buffers.text("baseUrl\0https://api.test\0"));
  return engine;
}

interface Recorded {
  readonly actions: Action[];
  deaths: number;
}

/** A call that records which actions it was given, without reading their arguments. */
function record(engine: Engine, id: number): Recorded {
  const recorded: Recorded = { actions: [], deaths: 0 };
  const handler: CallHandler = {
    read: (action) => recorded.actions.push(action),
    died: () => {
      recorded.deaths++;
      engine.calls.delete(id);
    },
  };
  engine.calls.set(id, handler);
  return recorded;
}

function start(engine: Engine, id: number, method: string, { metadata = [] as string[] } = {}): void {
  const block = {
    now: engine.clock.now(),
    timeout: Number.POSITIVE_INFINITY,
    size: 5,
    maxReceive: 0,
    channel: 1,
    flags: 0,
    fields: metadata.length / 2,
  };
  const text = [method, ...metadata].map((part) => `${part}\0`).join("");
  engine.enter("start", id, engine.buffers.start(block, text));
}
