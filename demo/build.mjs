// Bundles what the page needs from elsewhere, so that it needs no bundler and no import map itself: the generated messages of the Chaos
// service with the protobuf-es runtime into dist/messages.js, what draws calls into dist/waterfall.js, and uPlot into dist/uplot.js with its license beside it. The hedgerow package
// is not bundled: the page loads it from dist/hedgerow/, as the pages of its users would.
//
//   node build.mjs

import { copyFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

// The tools are installed once, for the npm package.
const npm = new URL("../wasm/npm/", import.meta.url);
const esbuild = createRequire(new URL("package.json", npm))("esbuild");

const out = (name) => fileURLToPath(new URL(`dist/${name}`, import.meta.url));
const shared = { bundle: true, format: "esm", target: "es2022", minify: true, logLevel: "warning" };

await esbuild.build({
  ...shared,
  stdin: {
    resolveDir: fileURLToPath(npm),
    loader: "ts",
    contents: `
      export { create, fromBinary, toBinary } from "@bufbuild/protobuf";
      export { Ending, ReplySchema, ReportReplySchema, ReportRequestSchema, RequestSchema } from "./test/gen/chaos/v1/chaos_pb.ts";
    `,
  },
  outfile: out("messages.js"),
});

// The drawing of calls is the inspector's own: the package's source is the only place that has it.
const inspector = ["call-record", "elements", "navigation", "picture", "rows", "scale", "styles", "waterfall", "words"];
await esbuild.build({
  ...shared,
  stdin: {
    resolveDir: fileURLToPath(npm),
    loader: "ts",
    contents: [...inspector.map((name) => `inspector/${name}`), "api/code-names"]
      .map((name) => `export * from "./src/${name}.ts";`)
      .join("\n"),
  },
  outfile: out("waterfall.js"),
});

// The page that calls any method has hedgerow/dynamic with its own copy of protobuf-es.
await esbuild.build({ ...shared, entryPoints: [fileURLToPath(new URL("src/dynamic.ts", npm))], outfile: out("dynamic.js") });

const uplot = new URL("node_modules/uplot/", npm);
await esbuild.build({ ...shared, entryPoints: [fileURLToPath(new URL("dist/uPlot.esm.js", uplot))], outfile: out("uplot.js") });
await copyFile(new URL("dist/uPlot.min.css", uplot), out("uplot.css"));
await copyFile(new URL("LICENSE", uplot), out("uplot.LICENSE.txt"));
