// What is printed: findings, then the lines to add.

import type { Asked } from "./arguments.js";
import { type Part, SERVERS } from "./configuration.js";
import type { Diagnosis, Finding } from "./diagnosis.js";

const WIDTH = 80;
const INDENT = " ".repeat(16);

export function report({ url, origin, headers, server }: Asked, { findings, missing }: Diagnosis): string {
  const lines = [`${url}${origin ? `, called by pages of ${origin}` : ""}`, "", ...findings.flatMap(described), ""];
  if (missing.size > 0) {
    const wanted = { origin: origin ?? "", headers: [...headers.keys()] };
    lines.push(
      "Add to the server's configuration (https://github.com/hedgerow-web/hedgerow/blob/main/docs/cors.md has all of it):",
      "",
    );
    for (const one of SERVERS) {
      if (server !== undefined && one.name !== server) continue;
      const known = one.lines(wanted);
      const parts = PARTS.filter((part) => missing.has(part));
      const texts = parts.flatMap((part) => known[part] ?? []);
      lines.push(
        `${one.title}, ${one.where}:`,
        ...(texts.length > 0 ? texts : ["nothing: it does this by itself"]).map(indented),
        "",
      );
    }
  }
  lines.push(verdict(findings));
  return `${lines.join("\n")}\n`;
}

const PARTS: readonly Part[] = ["origin", "credentials", "allow", "expose", "maxAge"];

function indented(line: string): string {
  return `    ${line}`;
}

function described({ kind, about, text }: Finding): string[] {
  const rows = wrapped(text);
  const first = `${(kind === "fail" ? "FAIL" : kind).padEnd(5)}${about.padEnd(INDENT.length - 5)}`;
  return rows.map((row, i) => `${i === 0 ? first : INDENT}${row}`);
}

function wrapped(text: string): string[] {
  const rows: string[] = [];
  for (const word of text.split(" ")) {
    const row = rows.at(-1);
    if (row !== undefined && INDENT.length + row.length + 1 + word.length <= WIDTH) rows[rows.length - 1] = `${row} ${word}`;
    else rows.push(word);
  }
  return rows;
}

function verdict(findings: readonly Finding[]): string {
  const failed = findings.filter(({ kind }) => kind === "fail").length;
  if (failed === 0) return "Calls and retries work.";
  return `${failed} ${failed === 1 ? "problem" : "problems"}: calls or retries would fail.`;
}
