// Asks a server what it has, by gRPC's reflection. Its messages are written and read by the numbers of their fields
// (grpc/reflection/v1/reflection.proto), which both of its versions share.
import { create, fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import type { CallOptions } from "../api/options.js";
import type { Channel } from "../api/types.js";
import { isStatusError } from "./adapter.js";

/** In the order in which they are tried. */
const METHODS = ["v1", "v1alpha"].map((version) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`);
const UNIMPLEMENTED = 12;

/** The numbers of fields: of a request, then of a response. */
const FILE_BY_FILENAME = 3;
const FILE_CONTAINING_SYMBOL = 4;
const LIST_SERVICES = 7;
const FILE_DESCRIPTORS = 4;
const SERVICES = 6;
const ERROR = 7;

export interface Description {
  readonly files: FileDescriptorSet;
  readonly services: readonly string[];
}

/** Returns the services of a server, and the files that describe them with all that they import. */
export async function describeServer(channel: Channel, options: CallOptions): Promise<Description> {
  const { method, services } = await list(channel, options);
  const files = new Map<string, FileDescriptorProto>();
  const learn = async (field: number, name: string): Promise<void> => {
    const answer = await ask(channel, method, field, name, options);
    for (const list of fieldsOf(answer, FILE_DESCRIPTORS))
      for (const bytes of fieldsOf(list, 1)) {
        const file = fromBinary(FileDescriptorProtoSchema, bytes);
        files.set(file.name, file);
      }
  };
  for (const service of services) await learn(FILE_CONTAINING_SYMBOL, service);
  for (;;) {
    const imported = [...files.values()].flatMap(({ dependency }) => dependency);
    const missing = [...new Set(imported)].filter((name) => !files.has(name));
    if (missing.length === 0) return { files: create(FileDescriptorSetSchema, { file: [...inOrder(files)] }), services };
    for (const name of missing) {
      await learn(FILE_BY_FILENAME, name);
      if (!files.has(name))
        throw new Error(`the server was asked for the file ${name}, which its other files import, and described another one`);
    }
  }
}

/** The files, each behind those that it imports. */
function* inOrder(files: ReadonlyMap<string, FileDescriptorProto>): Generator<FileDescriptorProto> {
  const done = new Set<string>();
  function* one(file: FileDescriptorProto): Generator<FileDescriptorProto> {
    if (done.has(file.name)) return;
    done.add(file.name);
    for (const name of file.dependency) yield* one(files.get(name) as FileDescriptorProto);
    yield file;
  }
  for (const file of files.values()) yield* one(file);
}

/** Returns the names of the services, and the version of reflection that the server has. */
async function list(channel: Channel, options: CallOptions): Promise<{ method: string; services: string[] }> {
  let last: unknown;
  for (const method of METHODS) {
    try {
      const answer = await ask(channel, method, LIST_SERVICES, "", options);
      const services = fieldsOf(answer, SERVICES).flatMap((list) => fieldsOf(list, 1));
      const names = services.flatMap((service) => fieldsOf(service, 1));
      return { method, services: names.map((name) => new TextDecoder().decode(name)) };
    } catch (error) {
      if (!isStatusError(error) || error.code !== UNIMPLEMENTED) throw error;
      last = error;
    }
  }
  throw new Error("the server has no reflection (grpc-go: reflection.Register); use fromFileDescriptorSet instead", {
    cause: last,
  });
}

/** Makes one call with one question, and returns the answer. */
async function ask(channel: Channel, method: string, field: number, value: string, options: CallOptions): Promise<Uint8Array> {
  const question = new BinaryWriter().tag(field, WireType.LengthDelimited).string(value).finish();
  let answer: Uint8Array | undefined;
  for await (const message of channel.serverStreaming(method, question, options)) answer ??= message;
  if (!answer) throw new Error("reflection was asked, and answered nothing");
  const [error] = fieldsOf(answer, ERROR);
  if (!error) return answer;
  const said = fieldsOf(error, 2).map((text) => new TextDecoder().decode(text));
  throw new Error(`the server does not describe ${value || "its services"}: ${said.join() || "it does not say why"}`);
}

/** The values of a field of bytes, text or messages. */
function fieldsOf(message: Uint8Array, number: number): Uint8Array[] {
  const reader = new BinaryReader(message);
  const values: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [found, type] = reader.tag();
    if (found === number && type === WireType.LengthDelimited) values.push(reader.bytes());
    else reader.skip(type, found);
  }
  return values;
}
