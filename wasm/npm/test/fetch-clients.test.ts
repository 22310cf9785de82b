// hedgerow/fetch under clients of other makes, against the real server.
import { test } from "node:test";
import { createFetch } from "hedgerow/fetch";
import { Calls } from "./fetch-client-scripts.js";
import { clients, names } from "./fetch-clients.js";
import { connect, SERVER } from "./server.js";
import { retrying } from "./support.js";

for (const name of names) {
  test(`${name}: retries, a stream, a failure and a deadline`, async (t) => {
    const calls = new Calls();
    const fetch = createFetch(connect(t, { serviceConfig: retrying() }));
    await calls.check(t, await clients[name](SERVER, fetch, calls.requests));
  });
}
