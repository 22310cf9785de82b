// The code of the pages about what Hedgerow adds to gRPC, as it stands there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Channel, Code, createChannel } from "hedgerow";
import { METHOD, retrying, settle } from "../support/calls.js";
import { blocksOf, codeOf, compiled, textOf } from "../support/documents.js";
import { type Exchange, FakeFetch } from "../support/fake-fetch.js";
import { replace } from "../support/gzip.js";
import { concat, failed, frame, OK, ok, WEB } from "../support/responses.js";

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

for (const [page, what] of [
  ["black-holes", "an attempt that is never answered is given up"],
  ["hedging", "a delay is learned"],
  ["endpoints", "calls go to the endpoint that answers"],
] as const) {
  test(`docs/${page}.md: ${what}`, async (t) => {
    const [code = "", ...more] = await codeOf(`${page}.md`);
    assert.equal(more.length, 0);
    const said: string[] = [];
    t.mock.method(console, "log", (...words: unknown[]) => said.push(`${words.join(" ")}\n`));
    await compiled(page, { "main.ts": code }, "main.ts");
    const [shown] = blocksOf(await textOf(`docs/${page}.md`)).filter(({ language }) => language === "text");
    assert.equal(said.join(""), shown?.code);
  });
}

test("docs/credentials.md: an expired token is refreshed by a call of its own", async (t) => {
  const [code = "", ...more] = await codeOf("credentials.md");
  assert.equal(more.length, 0);
  const answer = (request: Exchange): Response => {
    if (request.url.endsWith("/Refresh")) {
      const answer = ok(new Uint8Array());
      answer.headers.set("token", "fresh");
      return answer;
    }
    return request.header("authorization") === "Bearer fresh" ? ok(new Uint8Array()) : failed(Code.UNAUTHENTICATED);
  };
  replace(t, "fetch", new FakeFetch(answer, answer, answer, answer).fetch);
  const { open } = (await compiled("credentials", { "open.ts": code }, "open.ts")) as {
    open(session: { token: string }): Promise<Channel>;
  };
  const session = { token: "old" };
  const channel = await open(session);
  const { attempts } = await channel.unary(METHOD, new Uint8Array());
  assert.deepEqual(
    attempts.map(({ kind }) => kind),
    ["first", "refresh"],
  );
  assert.equal(session.token, "fresh");
  channel.close();
});

test("docs/resume.md: prices go on behind the last one", async (t) => {
  const [code = "", ...more] = await codeOf("resume.md");
  assert.equal(more.length, 0);
  t.mock.method(console, "log", () => {});
  const price = (number: number): Uint8Array<ArrayBuffer> => frame(Uint8Array.of(number, 5));
  const asked: (number | undefined)[] = [];
  const answer =
    (body: Uint8Array<ArrayBuffer>) =>
    (request: Exchange): Response => {
      asked.push(request.body[5]);
      return new Response(body, { headers: WEB });
    };
  const fake = new FakeFetch(answer(concat(price(1), price(2))), answer(concat(price(3), OK))); // the first is cut short
  const channel = await createChannel({
    baseUrl: "https://api.test",
    fetch: fake.fetch,
    serviceConfig: retrying({ maxAttempts: 2, retryableStatusCodes: ["ABORTED"] }),
  });
  const { showPrices } = (await compiled("resume", { "prices.ts": code }, "prices.ts")) as {
    showPrices(channel: Channel, show: (price: Uint8Array) => void): Promise<void>;
  };
  const shown: (number | undefined)[] = [];
  await showPrices(channel, ([number]) => shown.push(number));
  assert.deepEqual(
    [shown, asked],
    [
      [1, 2, 3],
      [0, 2],
    ],
  );
  channel.close();
});
