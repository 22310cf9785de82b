// The clock of hedgerow/testing, also together with fake timers; and that it does not keep the process running.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { Code, createChannel } from "hedgerow";
import { createTestServer, fail, hang, reply, TestClock } from "hedgerow/testing";
import { MESSAGE, METHOD, refused, retrying } from "../support/calls.js";

test("runUntil does not wait for what hangs for good", async () => {
  const server = createTestServer().on(METHOD, fail(Code.UNAVAILABLE), hang());
  const channel = await createChannel({ ...server.options, serviceConfig: retrying() });
  const call = channel.unary(METHOD, MESSAGE);
  await assert.rejects(server.clock.runUntil(call), /request 2 to \/pkg\.Service\/Method \(attempt 2\) hangs.*timeoutMs/);
  channel.close();
  await refused(call);
});

test("timers fire at their instants, in the order in which they were set, and those that are set meanwhile too", async () => {
  const clock = new TestClock();
  const fired: [string, number][] = [];
  const note = (name: string) => () => fired.push([name, clock.now()]);
  clock.setTimeout(note("b"), 20);
  clock.setTimeout(note("a"), 10);
  clock.setTimeout(note("c"), 20);
  clock.clearTimeout(clock.setTimeout(note("never"), 15));
  clock.clearTimeout(undefined);
  clock.setTimeout(() => {
    note("d")();
    void Promise.resolve().then(() => clock.setTimeout(note("e"), 0.5));
  }, 20);
  clock.setTimeout(note("now"), Number.NaN);
  await clock.advance(25);
  assert.deepEqual(fired, [
    ["now", 0],
    ["a", 10],
    ["b", 20],
    ["c", 20],
    ["d", 20],
    ["e", 20.5],
  ]);
  assert.equal(clock.now(), 25);
  assert.equal(await clock.runUntil(Promise.resolve(5)), 5);
  await assert.rejects(clock.runUntil(Promise.reject(new Error("no"))), /no/);
});

test("a timer that is set again without delay each time it fires is an error, not a test that never ends", async () => {
  const clock = new TestClock();
  let fired = 0;
  const again = (): void => {
    fired++;
    clock.setTimeout(again, 0);
  };
  clock.setTimeout(again, 5);
  await assert.rejects(clock.advance(10), /1000 timers of 0 ms were set one after another at 5 ms.*Give it a delay/);
  assert.equal(fired, 1000);
  await assert.rejects(clock.next(), /1000 timers/);
  await assert.rejects(clock.runUntil(new Promise(() => {})), /1000 timers/);
});

test("as many timers as there are may be due together", async () => {
  const clock = new TestClock();
  let fired = 0;
  for (let i = 0; i < 3000; i++) clock.setTimeout(() => clock.setTimeout(() => fired++, 0), 5);
  await clock.advance(5);
  assert.equal(fired, 3000);
});

test("nothing keeps Node alive", async () => {
  const program = `
    import { createChannel } from "hedgerow";
    import { createTestServer, hang, reply } from "hedgerow/testing";
    const server = createTestServer().on("/a.B/C", reply(new Uint8Array()), hang());
    const channel = await createChannel(server.options);
    await server.clock.runUntil(channel.unary("/a.B/C", new Uint8Array()));
    channel.unary("/a.B/C", new Uint8Array(), { timeoutMs: 1000 }).catch(() => {});
    await server.clock.advance(10);
    console.log("over");
  `;
  const args = ["--input-type=module", "-e", program];
  const cwd = process.env["HEDGEROW_PACKAGE"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 60_000 });
  assert.equal(stdout, "over\n");
});

test("fake timers beside it are neither needed nor minded", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "setImmediate", "Date"] });
  const server = createTestServer().on(METHOD, fail(Code.UNAVAILABLE, { pushbackMs: 1000 }), reply(MESSAGE));
  const channel = await createChannel({ ...server.options, serviceConfig: retrying() });
  await server.clock.runUntil(channel.unary(METHOD, MESSAGE, { timeoutMs: 5000 }));
  assert.deepEqual([server.clock.now(), Date.now()], [1000, 0]);
});
