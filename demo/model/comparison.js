// Two runs side by side: what each gained and what it cost. Pure.

import { formatMs, formatShare } from "../dist/waterfall.js";
import { percentile } from "./stats.js";

/** With fewer calls, the 95th percentile is little more than the slowest one. */
const leastForPercentile = 20;

const latency = (share) => ({
  value: ({ goodDurations }) => percentile(goodDurations, share),
  text: formatMs,
  better: "less",
});

const measures = [
  {
    name: "Calls that succeeded",
    value: ({ ok, calls }) => ok / calls,
    text: (share, { ok, calls }) => `${ok} of ${calls} (${formatShare(share)})`,
    better: "more",
  },
  { name: "Median of those", ...latency(0.5) },
  { name: "95th percentile of those", ...latency(0.95), least: leastForPercentile },
  { name: "Slowest of those", ...latency(1) },
  { name: "Attempts by the client", value: ({ attempts }) => attempts, text: String, better: "less" },
  { name: "Executions by the server", value: ({ executed }) => executed, text: String, better: "less", missing: "…" },
  {
    name: "Extra requests",
    value: ({ extra }) => (extra < 0 ? undefined : extra),
    text: (extra) => `+${formatShare(extra)}`,
    better: "less",
  },
];

/**
 * The rows of the table: [{ name, cells: [{ text, better }] }], a cell for each run. `runs` are their stats, undefined for a run that
 * has not begun. A cell is better only once both runs are complete, and never where both are alike.
 */
export function comparisonOf(runs) {
  const begun = runs.map((stats) => (stats?.calls > 0 ? stats : undefined));
  const complete = begun.every((stats) => stats && stats.ended === stats.calls && stats.executed !== undefined);
  const most = Math.max(0, ...begun.map((stats) => stats?.calls ?? 0));
  return measures
    .filter(({ least = 0 }) => most >= least)
    .map((measure) => {
      const values = begun.map((stats) => stats && measure.value(stats));
      const best = complete ? bestOf(values, measure.better) : undefined;
      return { name: measure.name, cells: begun.map((stats, i) => cellOf(measure, stats, values[i], best)) };
    });
}

function cellOf({ text, missing = "–" }, stats, value, best) {
  if (value === undefined) return { text: stats ? missing : "–", better: false };
  return { text: text(value, stats), better: value === best };
}

/** The one value that is better than the others, or undefined. */
function bestOf(values, better) {
  const known = values.filter((value) => value !== undefined);
  if (known.length < 2 || new Set(known).size < 2) return undefined;
  return better === "more" ? Math.max(...known) : Math.min(...known);
}

/** What hedging did to the tail, judged by the numbers: it helps only where there is capacity to spare. */
export function hedgingConclusion([plain, hedged]) {
  const [share, name] = plain.calls >= leastForPercentile ? [0.95, "95th percentile"] : [1, "slowest call"];
  const [before, after] = [plain, hedged].map(({ goodDurations }) => percentile(goodDurations, share));
  if (before === undefined || after === undefined) return "";
  if (after >= before) {
    return `Hedging did not help this time: its ${name} took ${formatMs(after)}, and ${formatMs(before)} without it. The browser or the machine was probably busy; hedging helps only where there is capacity to spare.`;
  }
  return `Hedging cut the ${name} from ${formatMs(before)} to ${formatMs(after)}, for ${formatShare(Math.max(0, hedged.extra))} more requests.`;
}

/** What a budget kept away from a server that is down. */
export function budgetConclusion([alone, paid]) {
  const extra = [alone, paid].map((run) => formatShare(Math.max(0, run.extra)));
  return `Retries sent a server that is down ${extra[0]} more requests, and ${extra[1]} on a budget. No call could have been saved.`;
}

/** What throttling spared the server, and what that cost. */
export function throttlingConclusion([alone, throttled]) {
  const [spared, lost] = [(alone.executed ?? 0) - (throttled.executed ?? 0), alone.ok - throttled.ok];
  if (!(spared > 0)) return "Throttling spared the server nothing this time: the token bucket never ran low for long.";
  const cost = lost > 0 ? `${lost} fewer calls succeeded` : "no fewer calls succeeded";
  return `Throttling spared the server ${spared} of ${alone.executed} requests; ${cost}.`;
}
