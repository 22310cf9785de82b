// What mutants are called, which of them the tests reach, and how a run is judged. Nothing here runs anything.

// What Gremlins puts in place of what. It reports only the kind and the place of a mutant (its table: internal/engine/mappings.go).
const replacements = {
  ARITHMETIC_BASE: { "+": "-", "-": "+", "*": "/", "/": "*", "%": "*" },
  CONDITIONALS_BOUNDARY: { ">=": ">", ">": ">=", "<=": "<", "<": "<=" },
  CONDITIONALS_NEGATION: { "==": "!=", "!=": "==", ">=": "<", ">": "<=", "<=": ">", "<": ">=" },
  INCREMENT_DECREMENT: { "++": "--", "--": "++" },
  INVERT_ASSIGNMENTS: { "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=" },
  INVERT_BITWISE: { "&^": "&", "<<": ">>", ">>": "<<", "&": "|", "|": "&", "^": "&" },
  INVERT_BWASSIGN: { "&^=": "&=", "<<=": ">>=", ">>=": "<<=", "&=": "|=", "|=": "&=", "^=": "&=" },
  INVERT_LOGICAL: { "&&": "||", "||": "&&" },
  INVERT_LOOPCTRL: { break: "continue", continue: "break" },
};
const selfAssignments = ["&^=", "<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="];
replacements.REMOVE_SELF_ASSIGNMENTS = Object.fromEntries(selfAssignments.map((token) => [token, "="]));

/** The kinds of mutants that are made, as Gremlins' flags name them. What INVERT_NEGATIVES makes, ARITHMETIC_BASE makes too. */
export const kinds = Object.keys(replacements).map((kind) => kind.toLowerCase().replaceAll("_", "-"));

/** A mutant's line before and after, without its indentation. Columns count bytes, from 1. */
export function change(source, { type, line, column }) {
  const text = Buffer.from(source.split("\n")[line - 1] ?? "");
  const at = column - 1;
  const rest = text.subarray(at).toString();
  const token = Object.keys(replacements[type] ?? {}).find((candidate) => rest.startsWith(candidate));
  if (token === undefined) throw new Error(`there is nothing for ${type} in line ${line}, column ${column}: ${text}`);
  const after = text.subarray(0, at) + replacements[type][token] + rest.slice(token.length);
  return { before: text.toString().trim(), after: after.trim() };
}

/**
 * The explained mutants: paragraphs of a file's name, the line before after "-", the line after it after "+", and the reason. Lines that
 * begin with "#" are comments.
 */
export function parseExplained(text) {
  const paragraphs = text.replace(/^#.*\n/gm, "").split(/\n{2,}/);
  return paragraphs
    .filter((paragraph) => paragraph.trim() !== "")
    .map((paragraph) => {
      const [file, before, after, ...reason] = paragraph.trim().split("\n");
      if (!before?.startsWith("- ") || !after?.startsWith("+ ") || reason.length === 0)
        throw new Error(`this is not a file, a line with "- ", a line with "+ " and a reason:\n${paragraph}`);
      return { file, before: before.slice(2), after: after.slice(2), reason: reason.join(" ") };
    });
}

const key = ({ file, before, after }) => [file, before, after].join("\n");

/**
 * Sorts the mutants of a run, and finds the explanations that no longer explain one. Only the explanations of the packages that ran count.
 * A mutant that does not compile does not count. One whose tests never end counts as killed.
 */
export function judge(mutants, explanations, packages) {
  const killed = [];
  const explained = [];
  const surviving = [];
  const explainable = new Set(explanations.map(key));
  for (const mutant of mutants) {
    if (mutant.status === "NOT VIABLE") continue;
    if (mutant.status === "KILLED" || mutant.status === "TIMED OUT") killed.push(mutant);
    else if (explainable.has(key(mutant))) explained.push(mutant);
    else surviving.push(mutant);
  }
  const all = killed.length + explained.length + surviving.length;
  const used = new Set(explained.map(key));
  const ran = new Set(packages);
  const stale = explanations.filter(
    (entry) => ran.has(entry.file.slice(0, entry.file.lastIndexOf("/"))) && !used.has(key(entry)),
  );
  return { killed, explained, surviving, stale, all, percent: all === 0 ? 100 : (100 * killed.length) / all };
}

/**
 * Merges a coverage profile of several test programs, and adds what lies between the blocks that it counts: the declarations of a package
 * and the conditions of cases. Go's coverage leaves them out, so Gremlins would never test them.
 */
export function fillProfile(profile) {
  const [mode, ...lines] = profile.trim().split("\n");
  const files = new Map();
  for (const line of lines) {
    const [, file, range, statements, count] = line.match(/^(.+):([\d.,]+) (\d+) (\d+)$/);
    const blocks = files.get(file) ?? files.set(file, new Map()).get(file);
    blocks.set(range, { range, statements, count: Math.max(Number(count), blocks.get(range)?.count ?? 0) });
  }
  const filled = [mode];
  for (const [file, blocks] of files) {
    const starts = [...blocks.values()].map((block) => ({ ...block, ends: block.range.split(",").map(position) }));
    starts.sort((a, b) => a.ends[0].line - b.ends[0].line || a.ends[0].column - b.ends[0].column);
    let from = "1.1";
    for (const { range, statements, count } of starts) {
      const [start, end] = range.split(",");
      if (start !== from) filled.push(`${file}:${from},${start} 0 1`);
      filled.push(`${file}:${range} ${statements} ${count}`);
      from = end;
    }
    filled.push(`${file}:${from},1000000.1 0 1`);
  }
  return `${filled.join("\n")}\n`;
}

function position(text) {
  const [line, column] = text.split(".").map(Number);
  return { line, column };
}
