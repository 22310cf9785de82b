// What all calls of a run do together, above their bars and on the same axis: the requests that leave, and the token bucket.

import { formatMs, GUTTER, gridLines, plot, size, svg, textWidth } from "../dist/waterfall.js";
import { arrivalsOf, tokensOf } from "../model/stats.js";

const height = 46;
const base = height - 4;
const barWidth = 6; // pixels of one bin

/** Requests as they leave the browser: first attempts below, retries and hedges in another color on top. */
export function drawArrivals(root, calls, origin, scale) {
  const bins = Math.max(10, Math.floor((scale.end - GUTTER) / barWidth));
  const span = scale.to - scale.from;
  const counts = arrivalsOf(calls, origin + scale.from, span, bins);
  const most = Math.max(1, ...counts.map(({ first, more }) => first + more));
  const unit = (base - 12) / most;
  const width = (scale.end - GUTTER) / bins;
  size(root, scale.width, height);
  root.setAttribute("aria-label", `Requests as they left the browser: at most ${most} within ${Math.ceil(span / bins)} ms`);
  root.replaceChildren(
    ...gridLines(scale, height),
    ...counts.flatMap(({ first, more }, i) => {
      const x = GUTTER + i * width;
      const rect = (name, from, n) =>
        n > 0 && svg("rect", { class: name, x, y: base - (from + n) * unit, width: Math.max(1, width - 1), height: n * unit });
      return [rect("arrival", 0, first), rect("arrival more", first, more)].filter(Boolean);
    }),
    svg("line", { class: "strip-base", x1: GUTTER, x2: scale.end, y1: base, y2: base }),
    caption(scale, `Requests sent, at most ${most} within ${formatMs(span / bins)}`),
  );
}

/** The tokens in the bucket as steps, with the line at or below which there are no retries. */
export function drawTokens(root, calls, origin, scale) {
  const seen = tokensOf(calls);
  if (seen.length === 0) return;
  const { maxTokens } = seen[0];
  const y = (tokens) => 6 + (1 - tokens / maxTokens) * (base - 8);
  const threshold = y(maxTokens / 2);
  let path = `M${GUTTER} ${y(maxTokens)}`;
  for (const { at, tokens } of seen) path += `H${scale.x(at - origin)}V${y(tokens)}`;
  const last = seen.at(-1);
  size(root, scale.width, height);
  root.setAttribute("aria-label", `Token bucket: ${last.tokens} of ${maxTokens} left`);
  root.replaceChildren(
    ...gridLines(scale, height),
    svg("rect", { class: "blocked", x: GUTTER, y: threshold, width: scale.end - GUTTER, height: base + 2 - threshold }),
    plot(
      scale,
      height,
      svg("path", { class: "tokens-fill", d: `${path}H${scale.end}V${base + 2}H${GUTTER}Z` }),
      svg("path", { class: "tokens-line", d: `${path}H${scale.end}` }),
    ),
    svg("line", { class: "threshold", x1: GUTTER, x2: scale.end, y1: threshold, y2: threshold }),
    caption(scale, `Tokens: ${formatTokens(last.tokens)} of ${maxTokens} left; no retries at ${maxTokens / 2} or below`),
  );
}

export const formatTokens = (tokens) => String(Math.round(tokens * 1000) / 1000);

function caption(scale, text) {
  return svg("text", { class: "strip-label", x: Math.max(GUTTER, scale.end - textWidth(text)), y: 10 }, text);
}
