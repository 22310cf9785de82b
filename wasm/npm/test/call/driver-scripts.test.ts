// The scripts that the Go driver runs too (internal/driverscripts): what a server and an application do at exact instants, and what the
// application must then see. Here they run through the built package, over a fake fetch and the clock for tests.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ChannelOptions, Code, ConfigError, createChannel, type Metadata, StatusError } from "hedgerow";
import { TestClock } from "hedgerow/testing";
import scripts from "../../../../internal/driverscripts/scripts.json" with { type: "json" };
import { ScriptRun } from "../support/script-run.js";
import type { Expect, Script } from "../support/script-types.js";

const BASE: Pick<ChannelOptions, "baseUrl" | "random"> = { baseUrl: "https://api.example.com", random: 0.5 };

for (const script of scripts as readonly Script[]) {
  test(`driver script: ${script.name}`, async (t) => {
    if (script.problems) {
      const refused = createChannel({ ...BASE, ...script.options });
      await assert.rejects(refused, (error) => {
        assert.ok(error instanceof ConfigError);
        assert.deepEqual(
          error.problems.map(({ path }) => path),
          script.problems,
        );
        return true;
      });
      return;
    }
    const run = new ScriptRun(script, new TestClock());
    await run.play(BASE);
    t.after(() => run.close());
    check(run, script.expect);
  });
}

function check(run: ScriptRun, expected: Expect): void {
  const end = run.end;
  assert.deepEqual(run.received, expected.received, "received");
  if (end instanceof StatusError) {
    assert.equal(end.code, expected.code, `the code of ${end}`);
    if (expected.message !== undefined) assert.equal(end.message, expected.message);
    if (expected.explains) assert.equal(end.explain(), expected.explains);
    for (const part of expected.says ?? []) assert.ok(end.message.includes(part), `${end.message} does not say ${part}`);
  } else {
    assert.equal(expected.code, Code.OK, `the call ended well, or not with a StatusError: ${String(end)}`);
  }
  assert.equal(end.commitReason, expected.reason, "reason");
  const attempts = end.attempts.map(({ kind, outcome, code }) => `${kind} ${outcome}${code === undefined ? "" : ` ${code}`}`);
  assert.deepEqual(attempts, expected.attempts, "attempts");
  checkFields(end.header, expected.header);
  checkFields(end.trailer, expected.trailer);
  if (expected.endAt !== undefined) assert.equal(run.endAt, expected.endAt, "the end was seen at");
  if (expected.accepted) assert.deepEqual(run.accepted, expected.accepted, "accepted at");
  if (expected.requests) checkRequests(run, expected.requests);
}

function checkFields(metadata: Metadata, expected: Record<string, string> = {}): void {
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(metadata.getAll(name), [value], name);
}

function checkRequests({ requests }: ScriptRun, expected: NonNullable<Expect["requests"]>): void {
  assert.equal(requests.length, expected.length, "requests");
  for (const [i, { at, messages, whole, header }] of expected.entries()) {
    const request = requests[i];
    assert.ok(request);
    assert.equal(request.at, at, "request at");
    if (messages) assert.deepEqual(request.messages, messages, "messages of the request");
    if (whole !== undefined) assert.equal(request.whole, whole, "the request was whole");
    for (const [name, value] of Object.entries(header ?? {})) assert.equal(request.header(name), value ?? undefined, name);
  }
}
