// What a page in Chromium does for ./adapters.test.ts: two calls through each of the adapters.
import { fromBinary } from "@bufbuild/protobuf";
import { createClient, type Interceptor } from "@connectrpc/connect";
import type { ChannelOptions } from "hedgerow";
import { createTransport } from "hedgerow/connect";
import { withChannel } from "hedgerow/grpc-web";
import { createRpcTransport } from "hedgerow/protobuf-ts";
import { Chaos, RequestSchema } from "../gen/chaos/v1/chaos_pb.js";
import grpcWebStubs from "../gen/grpc-web/chaos/v1/chaos_grpc_web_pb.js";
import grpcWebMessages from "../gen/grpc-web/chaos/v1/chaos_pb.js";
import { ChaosClient } from "../gen/protobuf-ts/chaos/v1/chaos.client.js";
import { Request } from "../gen/protobuf-ts/chaos/v1/chaos.js";

const { createChannel } = globalThis.hedgerow; // the page has the package already

interface Outcome {
  readonly attempt: number;
  readonly indices: number[];
  /** Of the calls, as interceptors were shown them. */
  readonly urls: string[];
}

type Calls = (options: ChannelOptions, unary: number[], stream: number[]) => Promise<Outcome>;
export type Adapters = { readonly connect: Calls; readonly protobufTs: Calls; readonly grpcWeb: Calls };

export const connect: Calls = async (options, unary, stream) => {
  const urls: string[] = [];
  const interceptor: Interceptor = (next) => (request) => {
    urls.push(request.url);
    return next(request);
  };
  const client = createClient(Chaos, createTransport(createChannel(options), { interceptors: [interceptor] }));
  const { attempt } = await client.do(fromBinary(RequestSchema, Uint8Array.from(unary)));
  const indices: number[] = [];
  for await (const { index } of client.stream(fromBinary(RequestSchema, Uint8Array.from(stream)))) indices.push(index);
  return { attempt, indices, urls };
};

export const protobufTs: Calls = async (options, unary, stream) => {
  const client = new ChaosClient(createRpcTransport(createChannel(options)));
  const { attempt } = await client.do(Request.fromBinary(Uint8Array.from(unary))).response;
  const indices: number[] = [];
  for await (const { index } of client.stream(Request.fromBinary(Uint8Array.from(stream))).responses) indices.push(index);
  return { attempt, indices, urls: [] };
};

export const grpcWeb: Calls = async (options, unary, stream) => {
  const { Request } = grpcWebMessages;
  const client = withChannel(new grpcWebStubs.ChaosPromiseClient(""), createChannel(options));
  const reply = await client.do(Request.deserializeBinary(Uint8Array.from(unary)));
  const indices: number[] = [];
  await new Promise<void>((resolve, reject) => {
    const replies = client.stream(Request.deserializeBinary(Uint8Array.from(stream)));
    replies.on("data", (one) => indices.push(one.getIndex()));
    replies.on("error", reject);
    replies.on("end", () => resolve());
  });
  return { attempt: reply.getAttempt(), indices, urls: [] };
};
