// TinyGo gives the WebAssembly a stack of 64 KB; Go's own compiler lets it grow to many megabytes. So nothing may call itself as
// often as a text says. The JSON reader does not: reading a service config takes 6 KB of stack, however deep it is nested.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ChannelOptions, ConfigError, createChannel } from "hedgerow";
import { packed } from "../support/builds.js";
import { MESSAGE, METHOD } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { ok } from "../support/responses.js";

const nested = (depth: number, begin: string, inside: string, end: string) => begin.repeat(depth) + inside + end.repeat(depth);

async function open(serviceConfig: string) {
  const deaths: Error[] = [];
  const fake = new FakeFetch(ok(MESSAGE));
  const options: ChannelOptions = {
    baseUrl: "https://api.test",
    fetch: fake.fetch,
    wasmBinary: packed,
    onFatal: (e) => deaths.push(e),
  };
  const channel = await createChannel({ ...options, serviceConfig });
  try {
    assert.deepEqual((await channel.unary(METHOD, MESSAGE)).message, MESSAGE);
  } finally {
    channel.close();
  }
  assert.deepEqual(deaths, []);
}

// The field is unknown, so that all of it is read and none of it is wrong; the object around it is the first level.
for (const [name, begin, inside, end] of [
  ["objects", '{"x":', "1", "}"],
  ["lists", "[", "1", "]"],
  ["objects in lists", '[{"x":', "1", "}]"],
  ["objects with escapes and long names", `{"\\ud83d\\ude00${"n".repeat(2000)}":`, '"\\u0041"', "}"],
] as const) {
  const levels = begin.startsWith("[{") ? 2 : 1;
  const deepest = Math.floor(99 / levels);

  test(`${name}: a service config that is nested 100 deep is read`, async () => {
    await open(`{"x":${nested(deepest, begin, inside, end)}}`);
  });

  test(`${name}: one that is nested deeper is refused with its place, and so is one of a million levels`, async () => {
    for (const depth of [deepest + 1, 1000, 1_000_000 / begin.length]) {
      const error = await open(`{"x":${begin.repeat(Math.floor(depth))}`).then(
        () => undefined,
        (error: unknown) => error,
      );
      assert.ok(error instanceof ConfigError, String(error));
      assert.equal(error.problems.length, 1);
      assert.match(error.problems[0]?.path ?? "", /^x[.[].*…$/);
      assert.match(error.message, /line 1, column \d+: .*nested more than 100 deep/);
    }
  });
}
