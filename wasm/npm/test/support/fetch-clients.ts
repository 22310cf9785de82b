// Other gRPC-Web clients over a fetch, in Node (../adapters/fetch-clients.test.ts) and in Chromium (../browser/fetch.test.ts).
import { fromBinary } from "@bufbuild/protobuf";
import { ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { GrpcWebFetchTransport } from "@protobuf-ts/grpcweb-transport";
import { RpcError } from "@protobuf-ts/runtime-rpc";
import { Chaos, RequestSchema } from "../gen/chaos/v1/chaos_pb.js";
import { ChaosClient } from "../gen/protobuf-ts/chaos/v1/chaos.client.js";
import { Request } from "../gen/protobuf-ts/chaos/v1/chaos.js";

type Fetch = typeof globalThis.fetch;

/** Requests, serialized: of a unary call, of a stream, of a call that fails, and of one that is too slow. */
export interface Requests {
  readonly unary: number[];
  readonly stream: number[];
  readonly failing: number[];
  readonly late: number[];
}

export interface Outcome {
  /** Which attempt the unary call's answer was of. */
  readonly attempt: number;
  readonly indices: number[];
  /** The errors of the call that fails and of the call that is too slow. */
  readonly codes: readonly unknown[];
  readonly message: string;
}

type Client = (baseUrl: string, fetch: Fetch, requests: Requests) => Promise<Outcome>;

/** The timeout of the call that is too slow, within which two attempts must reach the server. */
const TIMEOUT = 1500;

const connectWeb: Client = async (baseUrl, fetch, { unary, stream, failing, late }) => {
  const client = createClient(Chaos, createGrpcWebTransport({ baseUrl, fetch }));
  const request = (bytes: number[]) => fromBinary(RequestSchema, Uint8Array.from(bytes));
  const failure = (call: Promise<unknown>) =>
    call.then(
      () => ({ code: 0, rawMessage: "" }),
      (error) => ConnectError.from(error),
    );
  const { attempt } = await client.do(request(unary));
  const indices: number[] = [];
  for await (const { index } of client.stream(request(stream))) indices.push(index);
  const { code, rawMessage } = await failure(client.do(request(failing)));
  const slow = await failure(client.do(request(late), { timeoutMs: TIMEOUT }));
  return { attempt, indices, codes: [code, slow.code], message: rawMessage };
};

const NAMES: { readonly [name: string]: number } = { NOT_FOUND: 5, DEADLINE_EXCEEDED: 4 };

const protobufTs =
  (format: "binary" | "text"): Client =>
  async (baseUrl, fetch, { unary, stream, failing, late }) => {
    const client = new ChaosClient(new GrpcWebFetchTransport({ baseUrl, format, fetch }));
    const request = (bytes: number[]) => Request.fromBinary(Uint8Array.from(bytes));
    const failure = (call: PromiseLike<unknown>) =>
      call.then(
        () => ({ code: "OK", message: "" }),
        (error) => (error instanceof RpcError ? error : Promise.reject(error)),
      );
    const { attempt } = (await client.do(request(unary))).response;
    const indices: number[] = [];
    for await (const { index } of client.stream(request(stream)).responses) indices.push(index);
    const { code, message } = await failure(client.do(request(failing)));
    const slow = await failure(client.do(request(late), { timeout: TIMEOUT }));
    return { attempt, indices, codes: [NAMES[code], NAMES[slow.code]], message: decodeURIComponent(message) };
  };

export const clients = {
  "connect-web": connectWeb,
  "protobuf-ts, binary": protobufTs("binary"),
  "protobuf-ts, text": protobufTs("text"),
} satisfies { readonly [name: string]: Client };

export type ClientName = keyof typeof clients;

export const names: readonly ClientName[] = Object.keys(clients) as ClientName[];
