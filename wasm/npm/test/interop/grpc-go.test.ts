// The functions with which grpc-go tests its interoperability, over Hedgerow's Go API and generated stubs, against grpc-go's own test
// server: under Node, and in a page of Chromium's; by fetch and by WebSockets. `go test` runs them natively.
import { test } from "node:test";
import { compileGo, GO_TIMEOUT, reportGoTests, runInPage, runUnderNode } from "../browser/go-program.js";
import { Backend } from "./processes.js";

test("grpc-go's interoperability tests", { timeout: 3 * GO_TIMEOUT }, async (t) => {
  const backend = await Backend.start("grpc-go");
  t.after(() => backend.kill());
  const servers = { HEDGEROW_SERVER: backend.http, HEDGEROW_SERVER_TLS: backend.https };
  const program = await compileGo("grpcgo", "interop");
  await t.test("under Node", async (t) => reportGoTests(t, "grpcgo", await runUnderNode(program, [], servers)));
  await t.test("in Chromium", async (t) => reportGoTests(t, "grpcgo", await runInPage(t, program, [], servers)));
});
