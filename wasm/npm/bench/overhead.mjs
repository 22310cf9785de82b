// Measures what the client itself costs, compared with connect-web in the same run: CPU time per unary call and per streamed message, with
// a fetch that answers at once. connect-web always serializes, so both do so here, with protobuf-es; in "bytes", Hedgerow does not. Rounds
// of the two alternate, and the ratio is the median of the rounds' ratios, so that a machine whose speed drifts does no harm.
//
//   node bench/overhead.mjs [rounds]

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { build } from "esbuild";
import { createChannel } from "hedgerow";

const rounds = Number(process.argv[2] ?? 9);
const { Greeter, HelloReplySchema, HelloRequestSchema } = await generated("../test/gen/helloworld/helloworld_pb.ts");

const request = create(HelloRequestSchema, { name: "x".repeat(100) });
const reply = toBinary(HelloReplySchema, create(HelloReplySchema, { message: "x".repeat(100) }));
const trailer = new TextEncoder().encode("grpc-status: 0\r\n");

const unaryBody = frames(reply, 1);
const messages = 1000;
const streamBody = frames(reply, messages);

const policy = {
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        maxAttempts: 3,
        initialBackoff: "1s",
        maxBackoff: "5s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
  ],
};

console.log(`Node ${process.version}, ${rounds} rounds, µs of CPU: median (lowest)\n`);
await compare("unary call of 100 bytes each way: bytes", 4000, 1, unaryBody, {
  hedgerow: async (channel, n) => {
    const message = toBinary(HelloRequestSchema, request);
    for (let i = 0; i < n; i++) await channel.unary("/helloworld.Greeter/SayHello", message);
  },
  connect: async (client, n) => {
    for (let i = 0; i < n; i++) await client.sayHello(request);
  },
});
await compare("unary call, serialized by both", 4000, 1, unaryBody, {
  hedgerow: async (channel, n) => {
    for (let i = 0; i < n; i++) {
      const { message } = await channel.unary("/helloworld.Greeter/SayHello", toBinary(HelloRequestSchema, request));
      fromBinary(HelloReplySchema, message);
    }
  },
  connect: async (client, n) => {
    for (let i = 0; i < n; i++) await client.sayHello(request);
  },
});
await compare("unary call with a deadline", 4000, 1, unaryBody, {
  hedgerow: async (channel, n) => {
    for (let i = 0; i < n; i++) {
      const { message } = await channel.unary("/helloworld.Greeter/SayHello", toBinary(HelloRequestSchema, request), {
        timeoutMs: 60_000,
      });
      fromBinary(HelloReplySchema, message);
    }
  },
  connect: async (client, n) => {
    for (let i = 0; i < n; i++) await client.sayHello(request, { timeoutMs: 60_000 });
  },
});
await compare("streamed message of 100 bytes", 20, messages, streamBody, {
  hedgerow: async (channel, n) => {
    for (let i = 0; i < n; i++) {
      for await (const message of channel.serverStreaming(
        "/helloworld.Greeter/LotsOfReplies",
        toBinary(HelloRequestSchema, request),
      )) {
        fromBinary(HelloReplySchema, message);
      }
    }
  },
  connect: async (client, n) => {
    for (let i = 0; i < n; i++) {
      for await (const _ of client.lotsOfReplies(request));
    }
  },
});

async function compare(what, calls, per, body, { hedgerow, connect }) {
  const fetch = answering(body);
  const channel = await createChannel({ baseUrl: "https://bench.test", serviceConfig: policy, fetch });
  const client = createClient(Greeter, createGrpcWebTransport({ baseUrl: "https://bench.test", fetch }));
  await hedgerow(channel, calls);
  await connect(client, calls);
  const ours = [];
  const theirs = [];
  for (let i = 0; i < rounds; i++) {
    ours.push(await cpu(() => hedgerow(channel, calls), calls * per));
    theirs.push(await cpu(() => connect(client, calls), calls * per));
  }
  channel.close();
  const ratios = ours.map((us, i) => us / theirs[i]);
  console.log(
    `${what}\n  hedgerow    ${figures(ours)}\n  connect-web ${figures(theirs)}\n  ratio       ${median(ratios).toFixed(2)}\n`,
  );
}

/**
 * Returns a fetch that answers every request with the same bytes, in chunks like those of a network. What it returns has only those parts
 * of a Response that both clients need, because Node's own Response costs more than either client, and would hide the difference.
 */
function answering(body) {
  const headers = new Headers({ "content-type": "application/grpc-web+proto" });
  const chunks = [];
  for (let at = 0; at < body.length; at += 16384) chunks.push(body.slice(at, at + 16384));
  return async () => {
    let next = 0;
    const read = async () => (next < chunks.length ? { done: false, value: chunks[next++] } : { done: true, value: undefined });
    return { ok: true, status: 200, headers, body: { getReader: () => ({ read, cancel: async () => {}, releaseLock() {} }) } };
  };
}

async function cpu(work, units) {
  globalThis.gc?.();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / units;
}

function frames(message, count) {
  const out = [];
  for (let i = 0; i < count; i++) out.push(frame(0, message));
  out.push(frame(0x80, trailer));
  return new Uint8Array(Buffer.concat(out));
}

function frame(flags, payload) {
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(payload.length, 1);
  return Buffer.concat([prefix, payload]);
}

function figures(values) {
  return `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)})`;
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** Imports generated code, which is TypeScript and must be translated because Node 20 cannot run it. */
async function generated(path) {
  const { outputFiles } = await build({
    entryPoints: [new URL(path, import.meta.url).pathname],
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    write: false,
  });
  const { writeFile, rm } = await import("node:fs/promises");
  const file = new URL(`./.generated-${process.pid}.mjs`, import.meta.url);
  await writeFile(file, outputFiles[0].text);
  try {
    return await import(file.href);
  } finally {
    await rm(file);
  }
}
