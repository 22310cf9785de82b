// What the soak measures, and when it grows: a line through the samples, its slope, and how far off the slope may be.

/** The samples before this share of all calls are not counted: caches fill, and code is compiled. */
const WARM = 0.2;

/**
 * How much each quantity may have grown over all counted calls. Growth is that of the least slope that the samples allow, three standard
 * errors below the best one. Collectors take memory in pieces and keep caches, so memory may grow by a fixed amount, whatever the number of
 * calls (Go's collector first runs when 4 MiB are in use), and for each call by less than any object of a call weighs. Of what is counted
 * one by one, there may only be a few more.
 */
const QUANTITIES = {
  wasm: { says: "WebAssembly memory, KiB", unit: 1024, fixed: 512 << 10, fixedInGo: 6 << 20, perCall: 0.25 },
  heap: { says: "JavaScript's heap, KiB", unit: 1024, fixed: 2 << 20, perCall: 1 },
  outside: { says: "buffers outside of it, KiB", unit: 1024, fixed: 2 << 20, fixedInGo: 8 << 20, perCall: 1 },
  goHeap: { says: "Go's heap, KiB", unit: 1024, fixed: 1 << 20, perCall: 1 },
  // Node's own fetch has one for each connection that it keeps.
  timers: { says: "timers", unit: 1, fixed: 30, perCall: 0 },
  listeners: { says: "listeners", unit: 1, fixed: 1, perCall: 0 },
  references: { says: "calls, messages and callbacks that live", unit: 1, fixed: 1, perCall: 0 },
  goroutines: { says: "goroutines", unit: 1, fixed: 1, perCall: 0 },
  funcs: { says: "js.Func", unit: 1, fixed: 1, perCall: 0 },
  // Go gives values back when its finalizers have run, some of them after the next calls.
  values: { says: "JavaScript's values that Go holds", unit: 1, fixed: 100, perCall: 0 },
};

/** The slope of the best line through the points, and its standard error. */
export function lineThrough(points) {
  const n = points.length;
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / n;
  const [x0, y0] = [mean(points.map(({ x }) => x)), mean(points.map(({ y }) => y))];
  const spread = points.reduce((sum, { x }) => sum + (x - x0) ** 2, 0);
  const slope = points.reduce((sum, { x, y }) => sum + (x - x0) * (y - y0), 0) / spread;
  const missed = points.reduce((sum, { x, y }) => sum + (y - y0 - slope * (x - x0)) ** 2, 0);
  return { slope, error: Math.sqrt(missed / (n - 2) / spread) };
}

/** Looks at what was sampled after so many calls each: { calls, wasm, heap, … }. Go's collector is that of the WebAssembly, or is not. */
export function judge(samples, goCollects) {
  const all = samples.at(-1).calls;
  const counted = samples.filter(({ calls }) => calls >= WARM * all);
  const span = all - counted[0].calls;
  const names = Object.keys(QUANTITIES).filter((name) => samples[0][name] !== undefined);
  return names.map((name) => {
    const { says, unit, fixed, fixedInGo, perCall } = QUANTITIES[name];
    const allowed = ((goCollects && fixedInGo) || fixed) + perCall * span;
    const { slope, error } = lineThrough(counted.map((sample) => ({ x: sample.calls, y: sample[name] })));
    const grows = (slope - 3 * error) * span > allowed;
    return {
      says,
      first: counted[0][name] / unit,
      last: samples.at(-1)[name] / unit,
      slope: slope / unit,
      error: error / unit,
      grows,
    };
  });
}

/** The table of what was judged, and whether all of it is flat. */
export function table(rows) {
  const number = (value, decimals) =>
    value.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  const head = "    after a fifth   at the end   slope for 100,000 calls";
  const lines = rows.map(({ says, first, last, slope, error, grows }) => {
    const line = `${number(slope * 1e5, 1)} ± ${number(error * 1e5, 1)}`;
    const columns = [says.padEnd(42), number(first, 0).padStart(13), number(last, 0).padStart(12), line.padStart(25)];
    return `${columns.join(" ")}${grows ? "   GROWS" : ""}`;
  });
  return [" ".repeat(42) + head, ...lines].join("\n");
}
