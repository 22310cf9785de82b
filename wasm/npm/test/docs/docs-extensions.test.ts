// The code of the pages about what Hedgerow adds to gRPC, as it stands there.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Channel } from "hedgerow";
import { METHOD, settle } from "../support/calls.js";
import { blocksOf, codeOf, compiled, textOf } from "../support/documents.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { replace } from "../support/gzip.js";
import { ok } from "../support/responses.js";

test("docs/state.md: a channel keeps its state in an item of storage", async (t) => {
  const [code = "", ...more] = await codeOf("state.md");
  assert.equal(more.length, 0);
  t.mock.method(console, "warn", () => {});
  replace(t, "fetch", new FakeFetch(ok(new Uint8Array())).fetch);
  const { open } = (await compiled("state", { "open.ts": code }, "open.ts")) as {
    open(storage: object): Promise<Channel>;
  };
  const items = new Map([["hedgerow", "of another program"]]);
  const channel = await open({
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, text: string) => items.set(name, text),
  });
  await channel.unary(METHOD, new Uint8Array());
  channel.close();
  await settle();
  assert.equal(items.get("hedgerow"), "");
});

test("docs/black-holes.md: an attempt that is never answered is given up", async (t) => {
  const [code = "", ...more] = await codeOf("black-holes.md");
  assert.equal(more.length, 0);
  const said: string[] = [];
  t.mock.method(console, "log", (...words: unknown[]) => said.push(`${words.join(" ")}\n`));
  await compiled("black-holes", { "main.ts": code }, "main.ts");
  const [shown] = blocksOf(await textOf("docs/black-holes.md")).filter(({ language }) => language === "text");
  assert.equal(said.join(""), shown?.code);
});
