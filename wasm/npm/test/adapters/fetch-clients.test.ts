// hedgerow/fetch, used by other gRPC-Web clients, against the real server.
import { test } from "node:test";
import { createFetch } from "hedgerow/fetch";
import { retrying } from "../support/calls.js";
import { Calls } from "../support/fetch-client-scripts.js";
import { clients, names } from "../support/fetch-clients.js";
import { connect, SERVER } from "../support/server.js";

for (const name of names) {
  test(`${name}: retries, a stream, a failure and a deadline`, async (t) => {
    const calls = new Calls();
    const fetch = createFetch(connect(t, { serviceConfig: retrying() }));
    await calls.check(t, await clients[name](SERVER, fetch, calls.requests));
  });
}
