// The page in Go of demo/apps/go, as the demo's server serves it: generated clients over protocall, a method that is retried, and one that is
// hedged.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open } from "./chromium.js";

test("the page in Go says hello, heals a call by retries, and hedges one", async (t) => {
  const { page, complaints } = await open(t, "/");
  await page.getByRole("link", { name: "A page in Go" }).click();
  await page.locator("body.ready").waitFor();
  await page.getByLabel("Name").fill("Grace");
  const results = page.locator("#results > li");
  const outcomes = {
    "Say hello": [/^first attempt.*: committed/],
    "Fail twice, then answer": [/^first.*: failed.* UNAVAILABLE$/, /^retry.*: failed.* UNAVAILABLE$/, /^retry.*: committed/],
    "Slow server, hedged": [/^first.*: aborted$/, /^hedge.*: committed/],
  };
  for (const [at, [button, attempts]] of Object.entries(outcomes).entries()) {
    await page.getByRole("button", { name: button }).click();
    await results.nth(at).waitFor();
    const result = results.first();
    assert.match((await result.textContent()) ?? "", /^Hello Grace/, button);
    const lines = await result.locator("li").allTextContents();
    // A machine that is busy may send one more hedge before the answer of the second is read.
    const told = button.includes("hedged") ? lines.filter((line) => !/^hedge.*: aborted/.test(line)) : lines;
    assert.equal(told.length, attempts.length, lines.join("\n"));
    for (const [i, wanted] of attempts.entries()) assert.match(told[i] ?? "", wanted);
  }
  assert.deepEqual(complaints, []);
});
