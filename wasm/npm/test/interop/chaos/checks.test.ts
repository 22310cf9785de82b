import assert from "node:assert/strict";
import { test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { type AttemptRecord, Code } from "hedgerow";
import { ReplySchema } from "../../gen/chaos/v1/chaos_pb.js";
import { check } from "./checks.js";
import type { Made } from "./load.js";

function attempt(number: number, more: Partial<AttemptRecord> = {}): AttemptRecord {
  return { number, kind: number === 1 ? "first" : "retry", startedAt: 0, outcome: "failed", code: Code.UNAVAILABLE, ...more };
}

/** A reply to a call's n-th attempt. */
function reply(id: string, n = 1, index = 1): string {
  const requestHeader = n === 1 ? [] : [{ name: "grpc-previous-rpc-attempts", value: String(n - 1) }];
  const message = create(ReplySchema, { index, payload: Buffer.from(id), requestHeader: index === 1 ? requestHeader : [] });
  return Buffer.from(toBinary(ReplySchema, message)).toString("base64");
}

const ok = { outcome: "committed", code: Code.OK } as const;

/** A unary call that succeeded at its first attempt, but for what is given. */
function call(id: string, more: Partial<Made> = {}): Made {
  const usual = { stream: false, times: 1, code: 0, message: "", commitReason: "responseHeaders", at: 0, ms: 1 } as const;
  return { id, ...usual, attempts: [attempt(1, ok)], replies: [reply(id)], ...more };
}

const second = { attempts: [attempt(1), attempt(2, ok)], replies: [reply("a-0", 2)] };

test("calls that went well, one of them at its second attempt", () => {
  const result = check("a", 2, [call("a-0", second), call("a-1")], ["a-0 1", "a-1 0", "b-0 0"]);
  assert.deepEqual(result.wrong, []);
  assert.deepEqual(result.failed, []);
  const { calls, attempts, healed, executions, reached } = result;
  assert.deepEqual(
    { calls, attempts, healed, executions, reached },
    { calls: 2, attempts: 3, healed: 1, executions: 2, reached: 2 },
  );
});

test("an attempt that was executed twice is a surplus", () => {
  const { executions, reached, wrong } = check("a", 1, [call("a-0")], ["a-0 0", "a-0 0"]);
  assert.deepEqual([executions, reached, wrong], [2, 1, []]);
});

test("a transparent restart is an attempt of its own", () => {
  const attempts = [attempt(1), attempt(1, { kind: "transparent", ...ok })];
  const { executions, reached } = check("a", 1, [call("a-0", { attempts })], ["a-0 0", "a-0 0"]);
  assert.deepEqual([executions, reached], [2, 2]);
});

for (const { name, made, lines, found } of [
  { name: "a call that was lost", made: [call("a-0")], lines: ["a-0 0"], found: /^a-1 was lost/ },
  {
    name: "a call that ended twice",
    made: [call("a-0"), call("a-0"), call("a-1")],
    lines: ["a-0 0", "a-1 0"],
    found: /^a-0 has ended twice/,
  },
  {
    name: "an answer to another call",
    made: [call("a-0", { replies: [reply("a-1")] }), call("a-1")],
    lines: ["a-0 0", "a-1 0"],
    found: /^a-0 got an answer to another call/,
  },
  {
    name: "an answer that no server gave",
    made: [call("a-0"), call("a-1")],
    lines: ["a-0 0"],
    found: /^a-1 got an answer that no server gave/,
  },
  {
    name: "an answer to another attempt",
    made: [call("a-0", { ...second, replies: [reply("a-0")] }), call("a-1")],
    lines: ["a-0 0", "a-0 1", "a-1 0"],
    found: /^a-0 got the answer to attempt 1 as that of attempt 2/,
  },
  {
    name: "an attempt that nobody made",
    made: [call("a-0"), call("a-1")],
    lines: ["a-0 0", "a-0 1", "a-1 0"],
    found: /^a-0 1: a server executed/,
  },
  {
    name: "a message too few",
    made: [call("a-0", { stream: true }), call("a-1")],
    lines: ["a-0 0", "a-1 0"],
    found: /^a-0 has 1 replies/,
  },
  {
    name: "messages in another order",
    made: [call("a-0", { stream: true, replies: [1, 3, 2].map((index) => reply("a-0", 1, index)) }), call("a-1")],
    lines: ["a-0 0", "a-1 0"],
    found: /^a-0 got reply 3 in place of 2/,
  },
])
  test(`noticed: ${name}`, () => {
    const { wrong } = check("a", 2, made, lines);
    assert.match(wrong[0] ?? "", found);
  });

test("a failure before the first message is told from one after it", () => {
  const lost = { code: Code.UNAVAILABLE, attempts: [attempt(1, { outcome: "committed" })] };
  const never = { code: Code.UNAVAILABLE, attempts: [attempt(1)], commitReason: "exhausted", replies: [] } as const;
  const calls = [
    call("a-0", never),
    call("a-1", { ...never, stream: true }),
    call("a-2", { ...lost, replies: [], stream: true }),
    call("a-3", { ...lost, stream: true }),
    call("a-4", { ...lost, replies: [] }),
  ];
  const { failed, cut, unaryCut, wrong } = check("a", 5, calls, ["a-3 0"]);
  assert.deepEqual(
    failed.map(({ id }) => id),
    ["a-0", "a-1", "a-2"],
  );
  assert.deepEqual([cut, unaryCut, wrong], [{ UNAVAILABLE: 2 }, 1, []]);
});

test("what failed while the machine was too slow is not judged, and nothing else", () => {
  const never = { code: Code.UNAVAILABLE, attempts: [attempt(1)], commitReason: "exhausted", replies: [], ms: 10 } as const;
  const calls = [call("a-0", { ...never, at: 80 }), call("a-1", { ...never, at: 95 }), call("a-2", { ...never, at: 120 })];
  const { failed, unjudged } = check("a", 3, calls, [], [{ at: 100, ms: 20 }]);
  assert.deepEqual([failed.map(({ id }) => id), unjudged.map(({ id }) => id)], [["a-0", "a-2"], ["a-1"]]);
});
