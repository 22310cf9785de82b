// The code of docs/cors.md, as it stands there; its server is called as by a page's browser.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { type Channel, Code } from "hedgerow";
import { allowedHeaders, exposedHeaders } from "hedgerow/cors";
import { HelloRequestSchema } from "../gen/helloworld/helloworld_pb.js";
import { refused, retrying } from "../support/calls.js";
import { codeOf, compiled } from "../support/documents.js";
import { connect } from "../support/server.js";

const HELLO = "/helloworld.Greeter/SayHello";
const ORIGIN = "https://app.example.com";

/** The services that take the place of the reader's: a greeter that is UNAVAILABLE for an empty name. */
const routes = `
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { Greeter } from "../../../test/gen/helloworld/helloworld_pb.js";
export default (router: ConnectRouter) =>
  router.service(Greeter, {
    sayHello: ({ name }) => {
      if (name === "") throw new ConnectError("who?", Code.Unavailable);
      return { message: \`hello \${name}\` };
    },
  });
`;

async function serve(t: TestContext): Promise<string> {
  const [, server] = await codeOf("cors.md");
  const files = { "server.ts": server ?? "", "routes.ts": routes };
  const { serve } = (await compiled("cors-server", files, "server.ts", ["node"])) as { serve: (port: number) => Server };
  const running = serve(0);
  t.after(() => {
    running.closeAllConnections();
    running.close();
  });
  await once(running, "listening");
  return `http://127.0.0.1:${(running.address() as AddressInfo).port}`;
}

test("docs/cors.md: the listener to warnings", async () => {
  const [listener = "", , ...more] = await codeOf("cors.md");
  assert.equal(more.length, 0, "docs/cors.md has two blocks of TypeScript: a channel that listens, and a server");
  const { channel } = (await compiled("cors-listener", { "listener.ts": listener }, "listener.ts")) as { channel: Channel };
  channel.close();
});

test("docs/cors.md: the server in Node answers preflights and calls as hedgerow/cors says", async (t) => {
  const baseUrl = await serve(t);
  const preflight = await fetch(baseUrl + HELLO, {
    method: "OPTIONS",
    headers: { origin: ORIGIN, "access-control-request-method": "POST", "access-control-request-headers": allowedHeaders.join() },
  });
  const listed = (response: Response, name: string) => response.headers.get(name)?.split(/, ?/);
  assert.equal(preflight.headers.get("access-control-allow-origin"), ORIGIN);
  assert.deepEqual(listed(preflight, "access-control-allow-headers"), [...allowedHeaders, "authorization"]);
  assert.deepEqual(listed(preflight, "access-control-allow-methods"), ["POST"]);
  assert.equal(preflight.headers.get("access-control-max-age"), "7200");

  const seen: Response[] = [];
  const channel = await connect(t, {
    baseUrl,
    headerCommit: "firstFrame",
    serviceConfig: retrying({ maxAttempts: 2 }),
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      seen.push(response);
      return response;
    },
  });
  await channel.unary(HELLO, toBinary(HelloRequestSchema, create(HelloRequestSchema, { name: "you" })));
  const { code, message, attempts } = await refused(channel.unary(HELLO, new Uint8Array()));
  assert.deepEqual([code, message, attempts.length], [Code.UNAVAILABLE, "who?", 2]);
  for (const response of seen) {
    assert.equal(response.headers.get("access-control-allow-origin"), ORIGIN);
    assert.deepEqual(listed(response, "access-control-expose-headers"), exposedHeaders);
  }
  assert.equal(seen.length, 3);
});
