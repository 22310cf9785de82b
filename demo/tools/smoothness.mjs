// Reports how smooth the page is while many calls run and while a visitor scrolls and zooms: the frames that took longer than 50 ms, by
// Chromium's own trace, and when the page was first painted. It does not judge, because what is smooth depends on the machine.
//
//   .ci/with-server.sh node demo/tools/smoothness.mjs [CALLS] [RATE]

import { launch, openPage, send } from "./chromium.mjs";

const [calls = "1000", rate = "200"] = process.argv.slice(2);
const longMs = 50;

const browser = await launch();
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await openPage(
    context,
    `server.fails=share&server.rate=30&server.ms=5&calls.count=${calls}&calls.order=paced&calls.rate=${rate}&policy.retry.initialBackoff=0.05`,
  );
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  console.log(`first contentful paint after ${paint?.toFixed(0)} ms`);
  await report(page, `${calls} calls, ${rate} a second, as they run`, () => send(page));
  console.log(await page.locator(".run-summary").textContent());
  await report(page, "scrolling through them", () => scroll(page));
  await report(page, "zooming in and out", () => zoom(page));
} finally {
  await browser.close();
}

/** Does something under a trace, and prints how long its frames took. */
async function report(page, name, act) {
  await browser.startTracing(page, { categories: ["devtools.timeline", "disabled-by-default-devtools.timeline"] });
  const watch = page.evaluate(watchFrames);
  const begin = performance.now();
  await act();
  const took = performance.now() - begin;
  await page.evaluate(() => globalThis.stopFrames());
  const gaps = await watch;
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const tasks = longTasks(traceEvents);
  const long = gaps.filter((ms) => ms > longMs);
  console.log(
    `${name} (${(took / 1000).toFixed(1)} s): ${gaps.length} frames, ${long.length} over ${longMs} ms` +
      `${long.length ? ` (worst ${Math.max(...long).toFixed(0)} ms)` : ""}; ` +
      `${tasks.length} tasks of the page over ${longMs} ms${tasks.length ? ` (worst ${Math.max(...tasks).toFixed(0)} ms)` : ""}`,
  );
}

/** Runs in the page: the time from each frame to the next, until stopFrames() is called. */
function watchFrames() {
  return new Promise((resolve) => {
    const gaps = [];
    let last = performance.now();
    let on = true;
    globalThis.stopFrames = () => {
      on = false;
    };
    const frame = (now) => {
      gaps.push(now - last);
      last = now;
      if (on) requestAnimationFrame(frame);
      else resolve(gaps.slice(1));
    };
    requestAnimationFrame(frame);
  });
}

/** The tasks of the page's main thread that took too long, in milliseconds. */
function longTasks(events) {
  const main = events.find(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  return events
    .filter(({ name, tid, pid }) => name === "RunTask" && tid === main?.tid && pid === main?.pid)
    .map(({ dur = 0 }) => dur / 1000)
    .filter((ms) => ms > longMs);
}

async function scroll(page) {
  await page.locator(".dense-rows").hover();
  for (let i = 0; i < 60; i++) await page.mouse.wheel(0, 240);
}

async function zoom(page) {
  const { x, y } = await page.locator(".axis").boundingBox();
  await page.mouse.move(x + 400, y + 10);
  await page.keyboard.down("Control");
  for (let i = 0; i < 40; i++) await page.mouse.wheel(0, i < 20 ? -100 : 100);
  await page.keyboard.up("Control");
}
