// The accessibility of the demo page: what axe-core finds, in light and in dark, on the page as it starts, with few and with many
// calls, and in its dialogs.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { complete, openDemo } from "./demo-page.js";

const require = createRequire(join(process.env["HEDGEROW_PACKAGE"] ?? ".", "package.json"));

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}

async function violations(page: Page, state: string): Promise<string[]> {
  const found = (await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] }).then((all) => all.violations)",
  )) as Violation[];
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.slice(0, 3).map((node) => `${state}: ${id} at ${node.target.join(" ")}: ${node.failureSummary}`),
    );
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing serious in ${colorScheme}`, async (t) => {
    const { page } = await openDemo(t, "", { colorScheme, reducedMotion: "reduce" });
    await page.evaluate(await readFile(require.resolve("axe-core/axe.min.js"), "utf8"));
    const found = await violations(page, "at the start");
    await page.evaluate(() => {
      for (const details of document.querySelectorAll("details")) details.open = true;
    });
    await page.locator("[data-story=deadline]").click();
    await complete(page);
    for (const table of await page.locator(".attempt-table summary").all()) await table.click();
    found.push(...(await violations(page, "a story")));
    await page.locator(".waterfall .bar .outline").first().click();
    found.push(...(await violations(page, "the dialog of an attempt")));
    await page.keyboard.press("Escape");
    await page.evaluate(() => {
      location.hash = "server.fails=share&server.ms=5&calls.count=24&calls.compare=none&policy.throttling.on=true";
    });
    await page.getByRole("button", { name: /^Send 2 × 24/ }).click();
    await complete(page);
    await page.locator(".plot canvas").waitFor();
    found.push(...(await violations(page, "many calls")));
    await page.getByRole("button", { name: "As code" }).click();
    found.push(...(await violations(page, "the code")));
    assert.deepEqual(found, []);
  });
}
