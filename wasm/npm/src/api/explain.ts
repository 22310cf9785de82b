import { Code } from "./code.js";
import type { AttemptRecord, CommitReason } from "./events.js";
import { EXPLANATIONS, SILENT_MARK } from "./explanations.js";

/** What is explained: how a call ended that did not end with OK. */
interface Failed {
  readonly code: Code;
  readonly message: string;
  readonly attempts: readonly AttemptRecord[];
  readonly commitReason: CommitReason;
}

/** Says what was tried, why it stopped, and what would have changed it: as Explain in Go does, in the same words. */
export function explain(failed: Failed): string {
  const { code, message, attempts } = failed;
  let says = (EXPLANATIONS[stopped(failed)] ?? "")
    .replace("{code}", () => Code[code] ?? "")
    .replace("{message}", () => message.replace(/\.$/, ""));
  const last = attempts.at(-1);
  if (!last) return says;
  if (last.statusMessage?.includes(SILENT_MARK)) says = `${EXPLANATIONS["silent"]} ${says}`;
  const ends = attempts.map(
    ({ code, endpoint }) => (code === undefined ? "aborted" : Code[code]) + (endpoint ? ` from ${endpoint}` : ""),
  );
  return `${attempts.length} attempt${attempts.length === 1 ? "" : "s"} in ${took(attempts)}: ${ends.join(", ")}. ${says}`;
}

function took(attempts: readonly AttemptRecord[]): string {
  const begun = attempts[0]?.startedAt ?? 0;
  const ms = Math.round(Math.max(...attempts.map(({ endedAt = begun }) => endedAt)) - begun);
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`;
}

/** Why the call stopped, as a name of a sentence. */
function stopped({ code, attempts, commitReason }: Failed): string {
  const last = attempts.at(-1);
  if (!last) return "nothing";
  if (last.kind === "refresh" && code === Code.UNAUTHENTICATED) {
    if (last.code === undefined) return "unrefreshed";
    if (last.code === code && commitReason === "fatalStatus") return "refused";
  }
  return commitReason;
}
