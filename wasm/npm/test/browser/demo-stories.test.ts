// Every story of the demo page: what it says, and what the server counted.
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { Ending } from "../gen/chaos/v1/chaos_pb.js";
import { column, complete, counted, openDemo, outcome, pick, shown } from "./demo-page.js";

const { PLAYED } = Ending;

/** Opens a story by its link, sends it, with fewer calls if a number is given, and returns its runs. */
async function sendStory(
  t: TestContext,
  id: string,
  more: { count?: number; expected?: RegExp[] } = {},
): Promise<[Page, ...Locator[]]> {
  const { page } = await openDemo(t, `story=${id}${more.count ? `&calls.count=${more.count}` : ""}`, {
    expected: more.expected ?? [],
  });
  assert.equal(await page.locator(`[data-story=${id}]`).getAttribute("aria-current"), "true", "a link holds the story");
  if (more.count) await page.getByRole("button", { name: /^Send/ }).click(); // otherwise the page has sent it at once
  const runs = await complete(page);
  assert.ok(((await page.locator("call-result .see").textContent()) ?? "").length > 40, "it says what to see");
  return [page, ...runs];
}

/** A row of the comparison, without the spaces that do not break. */
async function comparison(page: Page, row: string): Promise<string[]> {
  const texts = await page.locator(`call-result:first-child .comparison tr[data-row="${row}"] td`).allTextContents();
  return texts.map((text) => text.replaceAll("\u00a0", " "));
}

/** "612 ms" and "1.24 s" as seconds. */
const seconds = (texts: readonly string[]) => texts.map((text) => Number.parseFloat(text) / (text.endsWith(" ms") ? 1000 : 1));
const numbers = (texts: readonly string[]) => texts.map((text) => Number.parseFloat(text.replace("−", "-")));

// The stories mostly wait, so several run at the same time. Each page has connections of its own.
describe("stories", { concurrency: 3 }, () => {
  test("the page offers every story, and sends one at a press", async (t) => {
    const { page } = await openDemo(t);
    assert.equal(await page.locator(".story").count(), 18);
    assert.equal(await page.locator("call-result").count(), 1, "it begins with the first");
    await page.getByRole("button", { name: "A fault, healed" }).click();
    const [none, retried] = await complete(page);
    assert.equal(await page.locator("call-result").count(), 2);
    assert.equal(await outcome(none!), "0 of 3 calls OK · 3 attempts · server executed 3");
    assert.equal(await outcome(retried!), "3 of 3 calls OK · 9 attempts · server executed 9");
    assert.match(page.url(), /#story=healed$/);
    assert.deepEqual(await comparison(page, "Extra requests"), ["+0 %", "+200 %"]);
    const { bars, server } = await shown(retried!, 2);
    assert.deepEqual(pick(bars, "kind", "code", "winner"), [
      ["first", "UNAVAILABLE", undefined],
      ["retry", "UNAVAILABLE", undefined],
      ["retry", "OK", ""],
    ]);
    assert.deepEqual(
      server.executions.map(({ previousAttempts, code, ending }) => [previousAttempts, code, ending]),
      [
        ["", 14, PLAYED],
        ["1", 14, PLAYED],
        ["2", 0, PLAYED],
      ],
    );
  });

  test("jitter: both runs make the same requests, spread differently", async (t) => {
    const [page, together, spread] = await sendStory(t, "jitter", { count: 15 });
    for (const run of [together!, spread!]) {
      assert.equal(await outcome(run), "15 of 15 calls OK · 45 attempts · server executed 45");
      assert.equal(await counted(run), 3 * (await run.locator(".row").count()));
      assert.ok((await run.locator(".arrival.more").count()) > 0, "retries are seen as they leave");
    }
    assert.equal(await page.locator(".dense .jitter").count(), 2 * (await page.locator(".dense .row").count()));
  });

  test("a brownout: throttling gives up calls and spares the server", async (t) => {
    const [page, alone, throttled] = await sendStory(t, "brownout", { count: 20 });
    const [costly, spared] = numbers(await comparison(page, "Executions by the server"));
    assert.ok(spared! < costly!, `${spared} of ${costly}`);
    assert.deepEqual(await comparison(page, "Executions by the server"), await comparison(page, "Attempts by the client"));
    assert.equal(await alone!.locator(".threshold").count(), 0);
    assert.equal(await throttled!.locator(".threshold").count(), 1, "the bucket is drawn with its threshold");
    assert.match((await throttled!.locator(".reasons").textContent()) ?? "", /throttled/);
  });

  test("an outage: a budget pays for few retries, and says so", async (t) => {
    const [page, alone] = await sendStory(t, "budget", { count: 12 });
    assert.equal(await outcome(alone!), "0 of 12 calls OK · 48 attempts · server executed 48");
    // The bucket begins with 1, and 12 calls fill it by 1.2.
    const [, attempts] = numbers(await comparison(page, "Attempts by the client"));
    assert.ok(attempts! > 12 && attempts! <= 14, `${attempts} attempts`);
    assert.match((await page.locator("call-result").first().textContent()) ?? "", /on a budget/);
  });

  test("a pushback is obeyed exactly, and a stop ends the call", async (t) => {
    const [, wait, stop] = await sendStory(t, "pushback");
    assert.deepEqual((await column(wait!, "wait")).slice(0, 3), ["none", "400 ms (pushback)", "400 ms (pushback)"]);
    const { server } = await shown(wait!);
    const [first, second] = server.executions;
    assert.ok(second!.startedUs - first!.endedUs >= 399_000n);
    assert.equal(await wait!.locator(".flag[data-pushback=wait]").count(), 6);
    assert.equal(await outcome(stop!), "0 of 3 calls OK · 3 attempts · server executed 3");
    assert.equal((await shown(stop!)).call["reason"], "pushback");
    assert.equal(await stop!.locator(".flag[data-pushback=stop]").count(), 3);
  });

  test("a slow tail: hedges cost extra requests, which the server counts", async (t) => {
    const [page, none, hedged] = await sendStory(t, "tail", { count: 24 });
    assert.equal(await outcome(none!), "24 of 24 calls OK · 24 attempts · server executed 24");
    const [, extra] = numbers(await comparison(page, "Extra requests"));
    assert.ok(extra! > 0, "some answers were slow, so some hedges went out");
    const [, attempts] = numbers(await comparison(page, "Attempts by the client"));
    assert.equal((await column(hedged!, "kind")).filter((kind) => kind === "hedge").length, attempts! - 24);
    const aborted = (await column(hedged!, "result")).filter((result) => result === "aborted");
    assert.equal(aborted.length, attempts! - 24, "whoever loses is aborted");
    // Which of the two is faster depends on the machine. That the sentence agrees with the table does not.
    const conclusion = (await page.locator(".conclusion").textContent()) ?? "";
    const [before, after] = seconds(await comparison(page, "95th percentile of those"));
    assert.match(conclusion, after! < before! ? /^Hedging cut/ : /^Hedging (cut|did not help)/);
    assert.equal(await page.locator(".plot canvas").count(), 1);
  });

  test("a stream is retried before its first message, and not after", async (t) => {
    const [, before, after] = await sendStory(t, "stream");
    assert.equal(
      (await shown(before!)).summary,
      "2 attempts · OK · 5 messages · committed by responseHeaders · server executed 2",
    );
    assert.equal(await before!.locator(".message").count(), 10);
    assert.equal(
      (await shown(after!)).summary,
      "1 attempt · UNAVAILABLE · 2 messages · committed by responseHeaders · server executed 1",
    );
  });

  test("a subscription gets all messages of a stream that breaks twice", async (t) => {
    const [, plain, resumed] = await sendStory(t, "resumed", { expected: [/net::ERR_/] });
    assert.equal(await outcome(plain!), "0 of 2 calls OK · 2 attempts · server executed 2");
    assert.equal(await outcome(resumed!), "2 of 2 calls OK · 6 attempts · server executed 6");
    const { bars, server } = await shown(resumed!);
    assert.deepEqual(pick(bars, "kind", "code"), [
      ["first", "UNAVAILABLE"],
      ["retry", "UNAVAILABLE"],
      ["retry", "OK"],
    ]);
    assert.equal(server.executions.length, 3);
  });

  test("headers sent early commit a call, unless the first frame is to", async (t) => {
    const [, strict, firstFrame] = await sendStory(t, "early", { expected: [/headerCommit to "firstFrame"/] });
    assert.equal(await outcome(strict!), "0 of 2 calls OK · 2 attempts · server executed 2");
    assert.match((await shown(strict!)).call["reason"] ?? "", /responseHeaders/);
    assert.equal(await outcome(firstFrame!), "2 of 2 calls OK · 6 attempts · server executed 6");
  });

  test("CORS blocks retries, and attemptHeader auto gets past it", async (t) => {
    const expected = [/blocked by CORS policy|Cross-Origin Request Blocked/, /net::ERR_FAILED/, /grpc-previous-rpc-attempts/];
    const [page, always, auto] = await sendStory(t, "cors", { expected });
    assert.equal(await outcome(always!), "0 of 2 calls OK · 8 attempts · server executed 2");
    assert.equal(await outcome(auto!), "2 of 2 calls OK · 7 attempts · server executed 6");
    const { bars, server } = await shown(auto!);
    assert.deepEqual(pick(bars, "kind"), [["first"], ["retry"], ["transparent"], ["retry"]]);
    assert.deepEqual(
      server.executions.map(({ previousAttempts }) => previousAttempts),
      ["", "", ""],
      "the attempts that arrived had no header",
    );
    const remarks = (await page.locator(".remarks").allTextContents()).join();
    assert.match(remarks, /Access-Control-Allow-Headers: .*grpc-previous-rpc-attempts/, "the warning, said once for a page");
  });

  test("a deadline is over attempts and waits, here and at the server", async (t) => {
    const [, retried, hedged] = await sendStory(t, "deadline");
    for (const run of [retried!, hedged!]) {
      const { call, server } = await shown(run);
      assert.deepEqual([call["code"], call["reason"]], ["DEADLINE_EXCEEDED", "deadline"]);
      assert.ok(server.executions.every(({ timeout }) => timeout !== ""));
      assert.equal(await run.locator("line.deadline").count(), 2);
    }
    const { bars, server } = await shown(hedged!);
    assert.ok(bars.every(({ outcome }) => outcome === "aborted")); // how many hedges went out in time depends on the machine
    assert.equal(await hedged!.locator(".bar .hatch").count(), await hedged!.locator(".bar").count());
    assert.ok(server.executions.every(({ ending }) => ending !== PLAYED));
  });

  test("a black hole holds calls until their deadline, unless silent attempts are given up", async (t) => {
    const [, waiting, healed] = await sendStory(t, "blackhole");
    assert.equal(await outcome(waiting!), "0 of 3 calls OK · 3 attempts · server executed 3");
    assert.equal((await shown(waiting!)).call["code"], "DEADLINE_EXCEEDED");
    assert.equal(await outcome(healed!), "3 of 3 calls OK · 6 attempts · server executed 6");
    const { bars } = await shown(healed!);
    assert.deepEqual(pick(bars, "kind", "code"), [
      ["first", "UNAVAILABLE"],
      ["retry", "OK"],
    ]);
  });

  test("158 calls leave an endpoint that is gone, and the picture says where they went", async (t) => {
    const [, one, three] = await sendStory(t, "endpoints", { expected: [/net::ERR_|Cross-Origin Request Blocked/] });
    assert.match(await outcome(one!), /^0 of 4 calls OK · 1[67] attempts/);
    assert.equal(await outcome(three!), "4 of 4 calls OK · 5 attempts · server executed 4");
    const { bars } = await shown(three!);
    assert.deepEqual(pick(bars, "kind", "code"), [
      ["first", "UNAVAILABLE"],
      ["retry", "OK"],
    ]);
    assert.match((await three!.locator(".bar").first().getAttribute("aria-label")) ?? "", /^UNAVAILABLE 127\.0\.0\.1:49151 /);
    assert.deepEqual(pick((await shown(three!, 2)).bars, "kind", "code"), [["first", "OK"]]);
  });

  test("an expired token is refreshed once for all calls", async (t) => {
    const [, refused, refreshed] = await sendStory(t, "token");
    assert.equal(await outcome(refused!), "0 of 6 calls OK · 6 attempts · server executed 6");
    assert.equal(await outcome(refreshed!), "6 of 6 calls OK · 12 attempts · server executed 12");
    const { bars, server } = await shown(refreshed!);
    assert.deepEqual(pick(bars, "kind", "code"), [
      ["first", "UNAUTHENTICATED"],
      ["refresh", "OK"],
    ]);
    assert.deepEqual(
      server.executions.map(({ previousAttempts }) => previousAttempts),
      ["", ""],
    );
  });

  test("broken connections are retried; the server's count shows what the browser repeated by itself", async (t) => {
    const [, run] = await sendStory(t, "reset", { expected: [/net::ERR_/] });
    for (const number of [1, 2, 3]) {
      const { call, server } = await shown(run!, number);
      assert.equal(call["code"], "OK");
      assert.equal(server.started, 3, "the script breaks two exchanges of each call");
      assert.ok(Number(call["attempts"]) <= 3);
    }
  });

  test("six connections: calls wait in the browser, and the server may never hear of them", async (t) => {
    const [page, patient, late] = await sendStory(t, "starved", { expected: [/connections/] });
    assert.equal(await outcome(patient!), "4 of 4 calls OK · 4 attempts · server executed 4");
    await patient!.locator(".bar .queue").first().waitFor();
    assert.equal(await outcome(late!), "0 of 4 calls OK · 4 attempts · server executed 0");
    assert.deepEqual(await comparison(page, "Executions by the server"), ["4", "0"]);
  });

  test("both ways at once: each message is answered before the next is sent", async (t) => {
    // Now and then the server's close crosses the client's, which Chromium reports as an error.
    const [, run] = await sendStory(t, "duplex", { expected: [/Close received after close/] });
    const { summary, server } = await shown(run!);
    assert.equal(summary, "1 attempt · OK · 5 messages · committed by responseHeaders · server executed 1");
    assert.deepEqual(
      server.executions.map(({ received, ending }) => [received, ending]),
      [[5, PLAYED]],
    );
  });
});
