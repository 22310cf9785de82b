// How the results of make chaos are shown.
import { Code } from "hedgerow";
import type { Result } from "./checks.js";
import type { Made } from "./load.js";

const columns = [
  ["proxy", 8],
  ["client", 19],
  ["calls", 7],
  ["attempts", 9],
  ["healed", 7],
  ["failed", 7],
  ["cut", 20],
  ["executed", 9],
  ["surplus", 8],
  ["p50", 8],
  ["p99", 8],
  ["max", 8],
] as const;

export const title: string = row(columns.map(([name]) => name));

export function line(proxy: string, client: string, result: Result): string {
  const cut = Object.entries(result.cut).map(([code, calls]) => `${calls} ${code}`);
  return row([
    ...[proxy, client, result.calls, result.attempts, result.healed, result.failed.length, cut.join(" ") || 0],
    ...[result.executions, result.executions - result.reached],
    ...[0.5, 0.99, 1].map((share) => `${Math.round(percentile(result.times, share))} ms`),
  ]);
}

function row(cells: readonly (string | number)[]): string {
  return columns.map(([, width], i) => String(cells[i]).padStart(width)).join(" ");
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** How attempts failed, and how many did so. */
export function faults(made: readonly Made[]): string {
  const counts = new Map<string, number>();
  for (const { attempts } of made) {
    for (const { outcome, code, httpStatus, statusMessage = "" } of attempts) {
      if (outcome === "committed" && code === Code.OK) continue;
      const silent = statusMessage.includes("nothing arrived");
      const how =
        outcome === "committed"
          ? "broken off"
          : silent
            ? "nothing arrived"
            : httpStatus
              ? `HTTP ${httpStatus}`
              : "connection lost";
      counts.set(how, (counts.get(how) ?? 0) + 1);
    }
  }
  return [...counts].map(([how, count]) => `${count} ${how}`).join(", ");
}

interface Outcome {
  readonly proxy: string;
  readonly client: { readonly http2: boolean; readonly browser: boolean };
  readonly result: Result;
}

/** What was promised, and whether it holds. */
export function promises(outcomes: readonly Outcome[]): { what: string; holds: boolean }[] {
  const every = (what: string, holds: (outcome: Outcome) => boolean) => ({ what, holds: outcomes.every(holds) });
  return [
    every("every client met faults, and calls were healed", ({ result }) => result.healed > 0),
    every("no call fails before its first message has come", ({ result }) => result.failed.length === 0),
    every(
      "a call that breaks off after it ends UNAVAILABLE, or UNKNOWN over HTTP/2 through HAProxy, which ends it as if it were whole",
      (outcome) =>
        Object.keys(outcome.result.cut).every((code) => code === "UNAVAILABLE" || (code === "UNKNOWN" && endsWhole(outcome))),
    ),
    every("every call ends once, with the answer to its own request", ({ result }) => result.wrong.length === 0),
    every(
      "the servers executed no attempt of Node's twice",
      ({ client, result }) => client.browser || result.executions === result.reached,
    ),
  ];
}

/** HAProxy 2.6 ends a response that broke off as if it were complete (docs/proxies.md). */
function endsWhole({ proxy, client }: Outcome): boolean {
  return proxy === "haproxy" && client.http2;
}
