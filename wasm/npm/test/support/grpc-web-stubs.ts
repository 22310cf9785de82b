// What protoc-gen-grpc-web generated for the Chaos service, and how its streams end.
import { createRequire } from "node:module";
import { join } from "node:path";
import * as esbuild from "esbuild";
import type { ClientReadableStream, Metadata, RpcError, Status } from "grpc-web";
import type { Channel } from "hedgerow";
import { type ClientBaseOptions, withChannel } from "hedgerow/grpc-web";
import type { Script } from "./server.js";

const packageDir = process.env["HEDGEROW_PACKAGE"] ?? ".";
// The generated code is CommonJS, so it cannot be in a test's bundle.
const require = createRequire(join(packageDir, "test", "gen", "grpc-web", "package.json"));

type Messages = typeof import("../gen/grpc-web/chaos/v1/chaos_pb.js");
type Stubs = typeof import("../gen/grpc-web/chaos/v1/chaos_grpc_web_pb.js");
type Typed = typeof import("../gen/grpc-web/chaos/v1/ChaosServiceClientPb.js");

export const { Request }: Messages = require("./chaos/v1/chaos_pb.js");
export const { ChaosClient, ChaosPromiseClient }: Stubs = require("./chaos/v1/chaos_grpc_web_pb.js");
export type Request = InstanceType<Messages["Request"]>;
export type Reply = InstanceType<Messages["Reply"]>;

/** The stub of import_style=typescript, which is a source. */
export async function typedStub(): Promise<Typed["ChaosClient"]> {
  const outfile = join(packageDir, "test-dist", "grpc-web-typescript.cjs");
  const entry = join(packageDir, "test", "gen", "grpc-web", "chaos", "v1", "ChaosServiceClientPb.ts");
  await esbuild.build({ entryPoints: [entry], outfile, bundle: true, packages: "external", format: "cjs", platform: "node" });
  return (require(outfile) as Typed).ChaosClient;
}

export function promising(channel: Channel | Promise<Channel>, options?: ClientBaseOptions) {
  return withChannel(new ChaosPromiseClient(""), channel, options);
}

export function calling(channel: Channel | Promise<Channel>, options?: ClientBaseOptions) {
  return withChannel(new ChaosClient(""), channel, options);
}

export function request(script: Script): Request {
  return Request.deserializeBinary(script.bytes);
}

/** The generated code passes null, which its own declarations do not allow. */
export type Outcome = { error: RpcError | null; response: Reply | null };

/** Makes a call with a callback, and returns a promise of the callback's arguments. */
export function calledBack(
  call: (callback: (error: RpcError, response: Reply) => void) => ClientReadableStream<Reply>,
): Promise<Outcome & { also: string[] }> {
  const also: string[] = [];
  return new Promise((resolve) => {
    const stream = call((error, response) => setImmediate(() => resolve({ error, response, also })));
    stream.on("metadata", () => also.push("metadata"));
    stream.on("data", () => also.push("data"));
    stream.on("error", () => also.push("error"));
    stream.on("status", ({ code }) => also.push(`status ${code}`));
    stream.on("end", () => also.push("end"));
  });
}

/** Everything that a stream emits, until its end or, after an error, until its status. */
export class Told {
  readonly names: string[] = [];
  readonly replies: Reply[] = [];
  metadata: Metadata = {};
  status: Status | undefined;
  error: RpcError | undefined;
  readonly done: Promise<void>;

  constructor(stream: ClientReadableStream<Reply>) {
    this.done = new Promise((resolve) => {
      stream
        .on("metadata", (metadata) => {
          this.names.push("metadata");
          this.metadata = metadata;
        })
        .on("data", (reply) => {
          this.names.push("data");
          this.replies.push(reply);
        })
        .on("error", (error) => {
          this.names.push("error");
          this.error = error;
        })
        .on("status", (status) => {
          this.names.push("status");
          this.status = status;
          if (status.code !== 0) setImmediate(resolve);
        })
        .on("end", () => {
          this.names.push("end");
          setImmediate(resolve);
        });
    });
  }
}
