// Takes the pictures of the README: the page with a story, and the waterfall of a story, small enough to be committed.
//
//   .ci/with-server.sh node demo/tools/pictures.mjs docs/images

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { launch, openPage, send } from "./chromium.mjs";

const [folder] = process.argv.slice(2);
if (!folder) throw new Error("usage: pictures.mjs FOLDER");

// [name, story, color scheme, height of the window, the part to show; undefined: all that the window shows]
const pictures = [
  ["hedging-light", "tail", "light", 900, undefined],
  ["hedging-dark", "tail", "dark", 900, undefined],
  ["waterfall", "healed", "light", 2000, "call-run:last-child .chart"],
];
const margin = 6;

await mkdir(folder, { recursive: true });
const browser = await launch();
try {
  for (const [name, story, colorScheme, height, part] of pictures) {
    const page = await openPage(await browser.newContext({ viewport: { width: 1360, height }, colorScheme }), `story=${story}`);
    await send(page);
    const {
      x,
      y,
      width,
      height: high,
    } = part
      ? await page.locator(part).boundingBox()
      : { x: margin, y: margin, width: 1360 - 2 * margin, height: height - 2 * margin };
    const clip = { x: x - margin, y: y - margin, width: width + 2 * margin, height: high + 2 * margin, scale: 1 };
    // WebP, which Playwright itself does not make, is half as large as PNG.
    const devtools = await page.context().newCDPSession(page);
    const { data } = await devtools.send("Page.captureScreenshot", { format: "webp", quality: 90, clip });
    await writeFile(join(folder, `${name}.webp`), Buffer.from(data, "base64"));
    await page.close();
  }
} finally {
  await browser.close();
}
