// Bundled for pages by service-worker-site.ts: an app of connect-web that knows nothing of Hedgerow.
import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { Chaos } from "../gen/chaos/v1/chaos_pb.js";

declare global {
  /** In the page: a client of the server at an address, and what its errors say. */
  var app: {
    client(baseUrl: string, init?: RequestInit): Client<typeof Chaos>;
    said(call: Promise<unknown>): Promise<{ code: number; message: string }>;
  };
}

globalThis.app = {
  client: (baseUrl, more) =>
    createClient(Chaos, createGrpcWebTransport({ baseUrl, fetch: (url, init) => fetch(url, { ...init, ...more }) })),
  said: (call) =>
    call.then(
      () => ({ code: 0, message: "" }),
      (error) => ({ code: ConnectError.from(error).code, message: ConnectError.from(error).rawMessage }),
    ),
};
