// What the benchmarks' page can do: the same calls, through each client. bench/chromium.mjs bundles it; the package is imported as it was
// built.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { GrpcWebFetchTransport } from "@protobuf-ts/grpcweb-transport";
import { createChannel } from "hedgerow";
import { Greeter, HelloReplySchema, HelloRequestSchema } from "../test/gen/helloworld/helloworld_pb.js";
import { GreeterClient } from "../test/gen/protobuf-ts/helloworld/helloworld.client.js";

const NAME = "x".repeat(100);
const UNARY = "/helloworld.Greeter/SayHello";
const STREAM = "/helloworld.Greeter/LotsOfReplies";
const request = create(HelloRequestSchema, { name: NAME });
const POLICY = {
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

const frame = (flags, payload) => {
  const framed = new Uint8Array(5 + payload.length);
  framed[0] = flags;
  new DataView(framed.buffer).setUint32(1, payload.length);
  framed.set(payload, 5);
  return framed;
};
const concat = (...parts) => {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};
const trailers = frame(0x80, new TextEncoder().encode("grpc-status: 0\r\n"));
const reply = frame(0, toBinary(HelloReplySchema, create(HelloReplySchema, { message: NAME })));

/**
 * A fetch that answers at once, in chunks as networks have them. What it answers is as little of a Response as all clients need: the
 * browser's own costs more than any of them, and would hide the difference.
 */
function answering(body) {
  const headers = new Headers({ "content-type": "application/grpc-web+proto" });
  const chunks = [];
  for (let at = 0; at < body.length; at += 16384) chunks.push(body.slice(at, at + 16384));
  return async () => {
    let next = 0;
    const read = async () => (next < chunks.length ? { done: false, value: chunks[next++] } : { done: true, value: undefined });
    const getReader = () => ({ read, cancel: async () => {}, releaseLock() {} });
    return {
      ok: true,
      status: 200,
      statusText: "",
      type: "basic",
      url: "",
      headers,
      body: { getReader, cancel: async () => {} },
    };
  };
}

const FETCHES = {
  unary: answering(concat(reply, trailers)),
  stream: answering(concat(...Array.from({ length: 1000 }, () => reply), trailers)),
};

/** Clients of an address, or of one of the fetches above. */
const made = new Map();
async function clients(where) {
  if (!made.has(where)) {
    const fetch = FETCHES[where];
    const baseUrl = fetch ? "https://bench.test" : `${location.origin}/${where}`;
    made.set(where, {
      baseUrl,
      fetch: fetch ?? globalThis.fetch.bind(globalThis),
      channel: await createChannel({ baseUrl, serviceConfig: POLICY, ...(fetch ? { fetch } : {}) }),
      connect: createClient(Greeter, createGrpcWebTransport({ baseUrl, ...(fetch ? { fetch } : {}) })),
      protobufTs: new GreeterClient(new GrpcWebFetchTransport({ baseUrl, format: "binary", ...(fetch ? { fetch } : {}) })),
    });
  }
  return made.get(where);
}

/** So many unary calls, one after the other. */
const unary = {
  async hedgerow(where, calls, timeoutMs) {
    const { channel } = await clients(where);
    const options = timeoutMs ? { timeoutMs } : {};
    for (let i = 0; i < calls; i++) {
      const { message } = await channel.unary(UNARY, toBinary(HelloRequestSchema, request), options);
      fromBinary(HelloReplySchema, message);
    }
  },
  /** The same without a codec: the message is bytes already, and so is the response. */
  async hedgerowBytes(where, calls, timeoutMs) {
    const { channel } = await clients(where);
    const options = timeoutMs ? { timeoutMs } : {};
    const message = toBinary(HelloRequestSchema, request);
    for (let i = 0; i < calls; i++) await channel.unary(UNARY, message, options);
  },
  async connect(where, calls, timeoutMs) {
    const { connect } = await clients(where);
    for (let i = 0; i < calls; i++) await connect.sayHello(request, timeoutMs ? { timeoutMs } : {});
  },
  async protobufTs(where, calls, timeoutMs) {
    const { protobufTs } = await clients(where);
    for (let i = 0; i < calls; i++) await protobufTs.sayHello({ name: NAME }, timeoutMs ? { timeout: timeoutMs } : {}).response;
  },
  /** What a page would write that knows that all goes well. */
  async raw(where, calls) {
    const { baseUrl, fetch } = await clients(where);
    for (let i = 0; i < calls; i++) {
      const body = frame(0, toBinary(HelloRequestSchema, request));
      const response = await fetch(baseUrl + UNARY, { method: "POST", headers: HEADERS, body });
      const bytes = response.arrayBuffer ? new Uint8Array(await response.arrayBuffer()) : await all(response.body.getReader());
      fromBinary(HelloReplySchema, bytes.subarray(5, 5 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(1)));
    }
  },
  /** The same with what any client needs: a signal, all headers, and a reader. */
  async rawWithAll(where, calls) {
    const { baseUrl, fetch } = await clients(where);
    for (let i = 0; i < calls; i++) {
      const body = frame(0, toBinary(HelloRequestSchema, request));
      const { signal } = new AbortController();
      const response = await fetch(baseUrl + UNARY, { method: "POST", headers: HEADERS, body, signal });
      let text = "";
      response.headers.forEach((value, name) => {
        text += `${name}\0${value}\0`;
      });
      const bytes = await all(response.body.getReader());
      fromBinary(HelloReplySchema, bytes.subarray(5, 5 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(1)));
      if (!text) throw new Error("no headers");
    }
  },
  /** connect-go over the page's fetch, which a fake one replaces meanwhile. */
  async connectGo(where, calls) {
    const { baseUrl } = await clients(where);
    const call = await connectGo();
    const own = globalThis.fetch;
    // Go's net/http wants the whole of a Response, which is little beside what it does itself.
    if (FETCHES[where]) globalThis.fetch = async () => new Response(concat(reply, trailers), { headers: HEADERS });
    try {
      await call(baseUrl, NAME, calls);
    } finally {
      globalThis.fetch = own;
    }
  },
};

const HEADERS = { "content-type": "application/grpc-web+proto", "x-grpc-web": "1", "x-user-agent": "raw" };

async function all(reader) {
  let bytes;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes;
    bytes = bytes ? concat(bytes, value) : value;
  }
}

let starting;
function connectGo() {
  starting ??= (async () => {
    await import("/wasm_exec.js");
    const go = new globalThis.Go();
    const { instance } = await WebAssembly.instantiateStreaming(fetch("/connect-go.wasm"), go.importObject);
    void go.run(instance);
    return globalThis.connectGo;
  })();
  return starting;
}

/** So many streams, read to their ends. Answers with the number of messages. */
const stream = {
  async hedgerow(where, streams) {
    const { channel } = await clients(where);
    let messages = 0;
    for (let i = 0; i < streams; i++) {
      for await (const message of channel.serverStreaming(STREAM, toBinary(HelloRequestSchema, request))) {
        fromBinary(HelloReplySchema, message);
        messages++;
      }
    }
    return messages;
  },
  async connect(where, streams) {
    const { connect } = await clients(where);
    let messages = 0;
    for (let i = 0; i < streams; i++) for await (const _ of connect.lotsOfReplies(request)) messages++;
    return messages;
  },
  async protobufTs(where, streams) {
    const { protobufTs } = await clients(where);
    let messages = 0;
    for (let i = 0; i < streams; i++) for await (const _ of protobufTs.lotsOfReplies({ name: NAME }).responses) messages++;
    return messages;
  },
};

/** MB/s of large messages, which nobody decodes: what comes in is counted. */
const large = {
  async hedgerow(streams) {
    const { channel } = await clients("large");
    return rate(async () => {
      let bytes = 0;
      for (let i = 0; i < streams; i++) {
        for await (const message of channel.serverStreaming(STREAM, new Uint8Array())) bytes += message.length + 5;
      }
      return bytes;
    });
  },
  async raw(streams) {
    const { baseUrl } = await clients("large");
    return rate(async () => {
      let bytes = 0;
      for (let i = 0; i < streams; i++) {
        const response = await fetch(baseUrl + STREAM, { method: "POST", headers: HEADERS, body: frame(0, new Uint8Array()) });
        const reader = response.body.getReader();
        for (let read = await reader.read(); !read.done; read = await reader.read()) bytes += read.value.length;
      }
      return bytes;
    });
  },
  async connect(streams) {
    const { connect } = await clients("large");
    return rate(async () => {
      let bytes = 0;
      for (let i = 0; i < streams; i++)
        for await (const { message } of connect.lotsOfReplies(request)) bytes += message.length + 5;
      return bytes;
    });
  },
};

async function rate(work) {
  const begun = performance.now();
  const bytes = await work();
  return bytes / 1000 / (performance.now() - begun);
}

/** Begins so many calls that are answered only once all are under way; tell what that takes, in bytes of the WebAssembly's memory. */
const many = {
  async hedgerow(calls) {
    const held = holding();
    const channel = await createChannel({ baseUrl: "https://bench.test", serviceConfig: POLICY, fetch: held.fetch });
    const pending = Array.from({ length: calls }, () => channel.unary(UNARY, toBinary(HelloRequestSchema, request)));
    return { pending, held };
  },
  async connect(calls) {
    const held = holding();
    const client = createClient(Greeter, createGrpcWebTransport({ baseUrl: "https://bench.test", fetch: held.fetch }));
    return { pending: Array.from({ length: calls }, () => client.sayHello(request)), held };
  },
  async protobufTs(calls) {
    const held = holding();
    const client = new GreeterClient(
      new GrpcWebFetchTransport({ baseUrl: "https://bench.test", format: "binary", fetch: held.fetch }),
    );
    return { pending: Array.from({ length: calls }, () => client.sayHello({ name: NAME }).response), held };
  },
};

function holding() {
  const waiting = [];
  const answer = FETCHES.unary;
  return {
    waiting,
    fetch: () => new Promise((resolve) => waiting.push(resolve)),
    release() {
      for (const go of waiting.splice(0)) go(answer());
    },
  };
}

let inFlight;
const flight = {
  async begin(client, calls) {
    inFlight = await many[client](calls);
    while (inFlight.held.waiting.length < calls) await new Promise((resolve) => setTimeout(resolve, 1));
    globalThis.gc?.();
    return wasmBytes();
  },
  async end() {
    inFlight.held.release();
    await Promise.all(inFlight.pending);
    inFlight = undefined;
    globalThis.gc?.();
    return wasmBytes();
  },
};

/** The memory of all WebAssembly that the page has instantiated: cold.html and bench.html watch it from their beginning. */
function wasmBytes() {
  let bytes = 0;
  for (const { exports } of globalThis.instances ?? []) bytes += (exports.mem ?? exports.memory)?.buffer.byteLength ?? 0;
  return bytes;
}

globalThis.bench = { unary, stream, large, flight, wasmBytes };
