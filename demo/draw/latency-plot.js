// The latencies of two runs on an axis of nines, which shows the tail that an average hides. It is drawn by uPlot, which is loaded with
// the first plot; the table beside it says the same in numbers.

import { formatMs } from "../dist/waterfall.js";
import { nines, shareAt } from "../model/stats.js";

const marks = [0, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999];
const fewMarks = [0, 0.5, 0.9, 0.99, 0.999];
const height = 270;

export class LatencyPlot {
  element = document.createElement("div");
  #plot;
  #shown; // { data, names }
  #made; // a promise
  #resized = new ResizeObserver(() => this.#plot?.setSize({ width: this.#width(), height }));
  #schemeChanged = () => this.#remake();

  constructor() {
    this.element.className = "plot";
    this.element.setAttribute("role", "img");
    this.#resized.observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.#schemeChanged);
  }

  /** `data` is [xs, ...ys] as distributionOf gives them; `names` are those of the runs. */
  show(data, names) {
    this.element.setAttribute("aria-label", `Latency by percentile: ${names.join(" and ")}. The table has the numbers.`);
    this.#shown = { data, names };
    if (this.#plot) this.#plot.setData(data);
    else this.#made ??= this.#make();
  }

  close() {
    this.#resized.disconnect();
    matchMedia("(prefers-color-scheme: dark)").removeEventListener("change", this.#schemeChanged);
    this.#plot?.destroy();
  }

  async #make() {
    const { default: UPlot } = await import("../dist/uplot.js");
    const { data, names } = this.#shown;
    this.#plot = new UPlot(this.#options(names), data, this.element);
  }

  #remake() {
    if (!this.#plot) return;
    this.#plot.destroy();
    this.#plot = undefined;
    this.#made = this.#make();
  }

  #options(names) {
    const style = getComputedStyle(this.element);
    const color = (name) => style.getPropertyValue(name).trim();
    const tones = names.length > 1 ? [color("--before"), color("--ok")] : [color("--ok")];
    return {
      width: this.#width(),
      height,
      cursor: { drag: { x: false, y: false }, points: { size: 7 } },
      legend: { show: false },
      padding: [14, 22, 0, 0],
      hooks: { draw: [(plot) => markEnds(plot, tones, `700 13px ${style.fontFamily}`)] },
      scales: {
        x: { time: false, range: (_, low, high) => [low ?? 0, high ?? 1] },
        y: { range: (_, __, high) => [0, (high || 1) * 1.05] },
      },
      axes: axesOf(style.fontFamily, color, this.#width() < 400 ? fewMarks : marks),
      series: [
        {},
        ...names.map((label, i) => ({
          label,
          stroke: tones[i],
          width: i === names.length - 1 ? 2.5 : 2,
          points: { show: false },
        })),
      ],
    };
  }

  #width() {
    return Math.max(200, this.element.clientWidth);
  }
}

/** The shares of the calls below, their latencies on the left. */
function axesOf(family, color, shares) {
  const axis = {
    stroke: color("--muted"),
    font: `12px ${family}`,
    labelFont: `12px ${family}`,
    labelSize: 18,
    grid: { stroke: color("--grid"), width: 1 },
    ticks: { stroke: color("--line-strong"), width: 1, size: 5 },
  };
  return [
    {
      ...axis,
      size: 28,
      label: "Share of the calls that succeeded",
      splits: (_, __, low, high) => shares.map(nines).filter((x) => x >= low - 1e-9 && x <= high + 1e-9),
      values: (_, splits) => splits.map((x) => `${Math.round(shareAt(x) * 1e4) / 100} %`),
    },
    { ...axis, size: 62, values: (_, splits) => splits.map((ms) => (ms === 0 ? "0" : formatMs(ms))) },
  ];
}

/** Writes the letter of each run at the end of its line, because color alone is not enough. */
function markEnds(plot, tones, font) {
  if (tones.length < 2) return;
  const { ctx } = plot;
  ctx.save();
  ctx.font = font.replace("13px", `${13 * devicePixelRatio}px`);
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  tones.forEach((tone, i) => {
    const values = plot.data[i + 1];
    const last = values.findLastIndex((value) => value !== null);
    if (last < 0) return;
    ctx.fillStyle = tone;
    ctx.fillText(
      "AB"[i],
      plot.valToPos(plot.data[0][last], "x", true) + 8 * devicePixelRatio,
      plot.valToPos(values[last], "y", true),
    );
  });
  ctx.restore();
}
