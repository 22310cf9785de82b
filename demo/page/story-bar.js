// The stories as a row of buttons, each with a small picture by which it can be recognized.

import { html, svg } from "../dist/waterfall.js";

// The bars of each picture: x, width, lane, tone.
const glyphs = {
  healed: [
    [0, 9, 0, "bad"],
    [13, 9, 1, "bad"],
    [28, 12, 2, "good"],
  ],
  jitter: [
    [0, 5, 0, "bad"],
    [0, 5, 1, "bad"],
    [0, 5, 2, "bad"],
    [14, 5, 0, "good"],
    [31, 5, 1, "good"],
    [22, 5, 2, "good"],
  ],
  brownout: [
    [0, 8, 0, "bad"],
    [11, 8, 0, "bad"],
    [22, 8, 0, "good"],
    [4, 8, 1, "bad"],
    [15, 8, 1, "bad"],
    [9, 8, 2, "bad"],
  ],
  pushback: [
    [0, 10, 0, "bad"],
    [28, 12, 1, "good"],
  ],
  tail: [
    [0, 40, 0, "lost"],
    [12, 12, 1, "good"],
  ],
  stream: [
    [0, 8, 0, "bad"],
    [13, 27, 1, "good"],
  ],
  early: [
    [0, 12, 0, "bad"],
    [18, 22, 1, "good"],
  ],
  cors: [
    [0, 10, 0, "bad"],
    [14, 2, 1, "lost"],
    [17, 14, 2, "good"],
  ],
  deadline: [
    [0, 10, 0, "bad"],
    [12, 10, 1, "bad"],
    [24, 12, 2, "lost"],
  ],
  reset: [
    [0, 7, 0, "lost"],
    [12, 7, 1, "lost"],
    [24, 14, 2, "good"],
  ],
  starved: [
    [0, 30, 0, "lost"],
    [0, 30, 1, "lost"],
    [31, 9, 2, "good"],
  ],
  duplex: [
    [0, 40, 0, "good"],
    [3, 34, 2, "good"],
  ],
};

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
    ...glyphs[id].map(([x, width, lane, tone]) => svg("rect", { class: tone, x, y: 1 + lane * 7, width, height: 4.5, rx: 1.5 })),
    id === "deadline" && svg("line", { class: "edge", x1: 36.5, x2: 36.5, y1: 0, y2: 20 }),
    id === "pushback" && svg("path", { class: "flag", d: "M13 8.5V0h7l-2 2.3l2 2.3h-6" }),
  );
}
