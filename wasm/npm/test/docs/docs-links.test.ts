// All links of the documents lead somewhere, and docs/README.md lists all files of docs/.
import assert from "node:assert/strict";
import { access, readdir } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { textOf } from "../support/documents.js";

const root = join(process.env["HEDGEROW_PACKAGE"] ?? ".", "..", "..");
const repository = "https://github.com/hedgerow-web/hedgerow";
const pages = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md"));
const documents = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "SECURITY.md",
  "SEMANTICS.md",
  ".ci/scenarios/scenarios.md",
  "wasm/npm/README.md",
  ...pages.map((name) => `docs/${name}`),
];

/** The anchors of a document, as GitHub makes them of its headings. */
async function anchorsOf(document: string): Promise<string[]> {
  const text = (await textOf(document)).replace(/^```.*?^```$/gms, "");
  return Array.from(text.matchAll(/^#+ (.*)$/gm), ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

for (const document of documents) {
  test(`${document}: its links lead somewhere`, async () => {
    const text = (await textOf(document)).replace(/^```.*?^```$/gms, "").replace(/`[^`\n]*`/g, "");
    for (const [, link = ""] of text.matchAll(/(?:\]\(|^\[.*\]: )([^)\s]+)/gm)) {
      const [address = "", anchor] = link.split("#");
      let path = address === "" ? document : normalize(join(dirname(document), address));
      if (address.startsWith("https:") || address.startsWith("http:")) {
        if (address !== repository && !address.startsWith(`${repository}/`)) continue;
        path = address === repository ? "README.md" : address.replace(`${repository}/blob/main/`, "");
        if (path.startsWith("https:")) continue; // GitHub's own pages, such as commits
      } else if (address !== "") assert.notEqual(document, "wasm/npm/README.md", `${link} leads nowhere on npm`);
      await access(join(root, path));
      if (anchor !== undefined) assert.ok((await anchorsOf(path)).includes(anchor), `${link}: no such heading`);
    }
  });
}

test("docs/README.md lists every page of docs/", async () => {
  const index = await textOf("docs/README.md");
  for (const name of pages.filter((name) => name !== "README.md")) {
    assert.ok(index.includes(`](${name})`), `${name} is missing`);
  }
});
