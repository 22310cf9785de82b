// The rooms of the page: which may import from which. The folder of a script says what it may do, so this is what keeps the promise.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const demo = fileURLToPath(new URL("..", import.meta.url));

/** From each room to the rooms that its scripts may import from, besides its own. */
const arrows = {
  page: ["run", "draw", "model", "dist"],
  run: ["model"],
  draw: ["model", "dist"],
  model: ["dist"],
  console: ["dist"],
  playground: ["dist"],
};

/** [script, imported] for every import of the rooms' scripts, as paths within demo/. */
async function imports() {
  const found = [];
  for (const room of Object.keys(arrows)) {
    for (const name of await readdir(join(demo, room))) {
      if (!name.endsWith(".js")) continue;
      const text = await readFile(join(demo, room, name), "utf8");
      for (const [, path] of text.matchAll(/(?:^import\b[^"]*|\bimport\()"(\.[^"]+)"/gm)) {
        found.push([join(room, name), relative(demo, join(demo, room, dirname(name), path))]);
      }
    }
  }
  return found;
}

const roomOf = (path) => path.split(/[\\/]/)[0];

test("imports go down only, and the playground imports nothing of the page", async () => {
  const all = await imports();
  assert.ok(all.length > 50, `${all.length} imports found`);
  const forbidden = all.filter(([from, to]) => roomOf(from) !== roomOf(to) && !arrows[roomOf(from)].includes(roomOf(to)));
  assert.deepEqual(forbidden, []);
});

test("what is in model is pure: it names neither the page nor the network nor a clock", async () => {
  const impure = /\b(document|window|navigator|location|fetch|performance|setTimeout|requestAnimationFrame|Math\.random)\b[.(]/;
  for (const name of await readdir(join(demo, "model"))) {
    const code = (await readFile(join(demo, "model", name), "utf8")).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    assert.doesNotMatch(code, impure, name);
  }
});

test("every stylesheet of the rooms is linked from the page, or from the room's own", async () => {
  const index = await readFile(join(demo, "index.html"), "utf8");
  const own = await readFile(join(demo, "console/index.html"), "utf8");
  for (const room of Object.keys(arrows)) {
    for (const name of await readdir(join(demo, room))) {
      if (name.endsWith(".css"))
        assert.ok(
          room === "console" ? own.includes(`href="${name}"`) : index.includes(`href="${room}/${name}"`),
          `${room}/${name}`,
        );
    }
  }
});
