// Bundles the generated messages of the Chaos service and the protobuf-es runtime into dist/messages.js, so that the page needs
// no bundler and no import map. The hedgerow package is not bundled: the page loads it as its users would, from dist/hedgerow/.
//
//   node build.mjs

import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

// The tools are installed once, for the npm package.
const npm = new URL("../wasm/npm/", import.meta.url);
const esbuild = createRequire(new URL("package.json", npm))("esbuild");

await esbuild.build({
  stdin: {
    resolveDir: fileURLToPath(npm),
    loader: "ts",
    contents: `
      export { create, fromBinary, toBinary } from "@bufbuild/protobuf";
      export { Ending, ReplySchema, ReportReplySchema, ReportRequestSchema, RequestSchema } from "./test/gen/chaos/v1/chaos_pb.ts";
    `,
  },
  outfile: fileURLToPath(new URL("dist/messages.js", import.meta.url)),
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  logLevel: "warning",
});
