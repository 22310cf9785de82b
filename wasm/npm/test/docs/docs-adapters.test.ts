// The code of docs/adapters.md, as it stands there, over generated code: against the real server, and without a network.
import assert from "node:assert/strict";
import { test } from "node:test";
import { retrying } from "../support/calls.js";
import { codeOf, compiled } from "../support/documents.js";
import { SERVER } from "../support/server.js";

type Greet = (name: string) => Promise<string>;
type Program = Record<(typeof peers)[number], Greet>;

/** In the document's order. */
const peers = ["connect", "protobufTs", "grpcWeb"] as const;

/** CommonJS cannot be in a module's bundle, so Node loads it. */
const required = (file: string, names: string) => `
export const { ${names} } = createRequire(\`\${process.env["HEDGEROW_PACKAGE"]}/test/index.js\`)(
  "./gen/grpc-web/helloworld/${file}.js",
) as typeof import("../../../test/gen/grpc-web/helloworld/${file}.js");
`;

/** The generated code that the blocks import, and files that take the place of the reader's own. */
const files = {
  "greeter_pb.ts": `import { createRequire } from "node:module";
export { Greeter } from "../../../test/gen/helloworld/helloworld_pb.js";
${required("helloworld_pb", "HelloRequest")}`,
  "greeter.client.ts": 'export * from "../../../test/gen/protobuf-ts/helloworld/helloworld.client.js";\n',
  "greeter_grpc_web_pb.ts": `import { createRequire } from "node:module";
${required("helloworld_grpc_web_pb", "GreeterPromiseClient")}`,
  "settings.ts": `import type { ServiceConfig } from "hedgerow";
export const baseUrl = ${JSON.stringify(SERVER)};
export const serviceConfig: ServiceConfig = ${JSON.stringify(retrying({ maxAttempts: 3 }))};
`,
  "all.ts": peers.map((peer) => `export { greet as ${peer} } from "./${peer}.js";\n`).join(""),
};

const program: Promise<Program> = (async () => {
  const blocks = await codeOf("adapters.md");
  assert.equal(blocks.length, peers.length, "docs/adapters.md has a block of TypeScript for each adapter");
  const sources = Object.fromEntries(peers.map((peer, i) => [`${peer}.ts`, blocks[i] ?? ""]));
  return (await compiled("adapters", { ...files, ...sources }, "all.ts", ["node"])) as Program;
})();

for (const peer of peers) {
  test(`docs/adapters.md: ${peer}`, async (t) => {
    const greet = (await program)[peer];
    assert.equal(await greet("Ada"), "Hello Ada");
    t.mock.method(globalThis, "fetch", () => Promise.reject(new TypeError("no network")));
    assert.match(await greet("Ada"), /after 3 attempts$/);
  });
}
