// Takes pictures of the page as it starts and of every story: light, dark, and on a phone.
//
//   .ci/with-server.sh node demo/tools/screenshots.mjs FOLDER [STORY…]

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { stories } from "../model/stories.js";
import { launch, openPage, send } from "./chromium.mjs";

const [folder, ...wanted] = process.argv.slice(2);
if (!folder) throw new Error("usage: screenshots.mjs FOLDER [STORY…]");

const looks = {
  light: { viewport: { width: 1440, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1440, height: 900 }, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "light", deviceScaleFactor: 2, isMobile: true, hasTouch: true },
};

await mkdir(folder, { recursive: true });
const browser = await launch();
try {
  for (const [look, options] of Object.entries(looks)) {
    const context = await browser.newContext(options);
    for (const id of wanted.length ? wanted : ["start", ...stories.map((story) => story.id)]) {
      const page = await openPage(context, id === "start" ? "" : `story=${id}`);
      if (id !== "start") {
        await send(page);
      }
      const path = join(folder, `${id}-${look}.png`);
      // A story is shown whole, the start of the page as far as a window shows it. The window is made as tall as the page, because a
      // picture of more than the window would have in its middle what sticks to the edge of the window.
      if (id !== "start") {
        const height = await page.evaluate(() => document.documentElement.scrollHeight);
        await page.setViewportSize({ ...options.viewport, height });
      }
      await page.screenshot({ path });
      console.log(path);
      await page.close();
    }
    await context.close();
  }
} finally {
  await browser.close();
}
