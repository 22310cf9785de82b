// The stories as a row of buttons, each with a small picture by which it can be recognized.

import { html, svg } from "../dist/waterfall.js";
import { glyphs } from "./glyphs.js";

/** Fills a list with these stories; `choose(story)` is called with the story whose button was pressed. */
export function fillStoryBar(list, stories, choose) {
  list.replaceChildren(
    ...stories.map((story) => {
      const button = html(
        "button",
        { type: "button", class: "story", "data-story": story.id, disabled: true },
        glyph(story.id),
        story.title,
      );
      button.addEventListener("click", () => choose(story));
      return html("li", {}, button);
    }),
  );
}

/** Marks the current story, if there is one. */
export function markStory(list, id) {
  for (const button of list.querySelectorAll(".story")) {
    if (button.dataset.story === id) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

function glyph(id) {
  return svg(
    "svg",
    { class: "glyph", width: 40, height: 20, viewBox: "0 0 40 20", "aria-hidden": "true" },
    ...(glyphs[id] ?? []).map(([x, width, lane, tone]) =>
      svg("rect", { class: tone, x, y: 1 + lane * 7, width, height: 4.5, rx: 1.5 }),
    ),
    id === "deadline" && svg("line", { class: "edge", x1: 36.5, x2: 36.5, y1: 0, y2: 20 }),
    id === "pushback" && svg("path", { class: "flag", d: "M13 8.5V0h7l-2 2.3l2 2.3h-6" }),
  );
}
