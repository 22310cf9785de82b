// Calls over a fetch of our own, which answers all requests of a turn of the event loop in the next one. The last part of a call's path says
// how. What it answers is as little of a Response as is asked for: a browser's own weighs more than all that is measured here.

import {
  aborted,
  CANCELLED,
  cancel,
  DEADLINE_EXCEEDED,
  drain,
  leave,
  made,
  NOT_FOUND,
  optionsOf,
  runner,
  UNAVAILABLE,
} from "./endings.mjs";
import { follow } from "./watch.mjs";

const UNIMPLEMENTED = 12;
const UNAUTHENTICATED = 16;

const text = new TextEncoder();
const EMPTY = new Uint8Array();
const LARGE = new Uint8Array(1 << 20);

const retryPolicy = {
  maxAttempts: 3,
  initialBackoff: "0.001s",
  maxBackoff: "0.002s",
  backoffMultiplier: 1,
  retryableStatusCodes: ["UNAVAILABLE"],
};
const SERVICE_CONFIG = {
  methodConfig: [
    { name: [{ service: "soak.Retried" }], retryPolicy },
    { name: [{ service: "soak.Silent" }], retryPolicy: { ...retryPolicy, perAttemptRecvTimeout: "0.005s" } },
    { name: [{ service: "soak.Hedged" }], hedgingPolicy: { maxAttempts: 2, nonFatalStatusCodes: ["UNAVAILABLE"] } },
    {
      name: [{ service: "soak.Tuned" }],
      hedgingPolicy: {
        maxAttempts: 2,
        hedgingDelay: "0.1s",
        nonFatalStatusCodes: ["UNAVAILABLE"],
        "x-hedgerow": { maxExtraLoad: 0.2 },
      },
    },
  ],
};

function framed(flags, payload) {
  const frame = new Uint8Array(5 + payload.length);
  frame[0] = flags;
  new DataView(frame.buffer).setUint32(1, payload.length);
  frame.set(payload, 5);
  return frame;
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const status = (code) => framed(0x80, text.encode(`grpc-status: ${code}\r\nx-trailer: 1\r\n`));
const HELLO = framed(0, text.encode("hello, world"));
const [OK, REFUSED] = [status(0), status(NOT_FOUND)];
const base64 = (bytes) => text.encode(btoa(String.fromCharCode(...bytes)));

/** What is answered: the bodies, by the last part of the path. */
async function answers() {
  const packed = await gzip(text.encode("hello, ".repeat(100)));
  return {
    Once: joined(HELLO, OK),
    Twice: joined(HELLO, HELLO, OK),
    Stream: joined(HELLO, HELLO, HELLO, HELLO, HELLO, OK),
    Refused: joined(HELLO, HELLO, REFUSED),
    Broken: joined(HELLO, HELLO.subarray(0, 7)),
    Packed: joined(framed(1, packed), OK),
    Large: joined(framed(0, LARGE), OK),
    Text: base64(joined(HELLO, OK)),
  };
}

async function gzip(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const web = { "content-type": "application/grpc-web+proto", "x-header": "1" };
const HEADS = {
  usual: new Headers(web),
  packed: new Headers({ ...web, "grpc-encoding": "gzip" }),
  text: new Headers({ ...web, "content-type": "application/grpc-web-text+proto" }),
  html: new Headers({ "content-type": "text/html" }),
  ...Object.fromEntries(
    [UNAVAILABLE, NOT_FOUND, UNAUTHENTICATED].map((code) => [code, new Headers({ ...web, "grpc-status": `${code}` })]),
  ),
};

/** A fetch that answers as the path says; `valid` is the token that the server accepts at present. */
function network(bodies, server) {
  const waiting = [];
  const answer = () => {
    for (const go of waiting.splice(0)) go();
  };
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = answer;
  port1.unref?.();
  const soon = (act) => {
    if (waiting.length === 0) port2.postMessage(null);
    waiting.push(act);
  };
  return (url, { headers, signal }) => {
    const how = url.slice(url.lastIndexOf("/") + 1);
    const fields = new Map(headers);
    const again = fields.has("grpc-previous-rpc-attempts");
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      if (how === "Silent" && !again) return;
      soon(() => {
        if (how === "Lost") return reject(new TypeError("Failed to fetch"));
        const fresh = fields.get("authorization") === server.token;
        resolve(how === "Endless" ? response(200, HEADS.usual, HELLO, signal) : respond(how, again, fresh, bodies, server));
      });
    });
  };
}

function respond(how, again, fresh, bodies, server) {
  if (how === "Busy" || (how === "BusyOnce" && !again)) return response(200, HEADS[UNAVAILABLE], EMPTY);
  if (how === "Missing") return response(200, HEADS[NOT_FOUND], EMPTY);
  if (how === "Token" && !fresh) return response(200, HEADS[UNAUTHENTICATED], EMPTY);
  if (how === "Html") return response(404, HEADS.html, text.encode("<html>"));
  if (how === "Packed") return response(200, HEADS.packed, bodies.Packed);
  if (how === "Text") return response(200, HEADS.text, bodies.Text);
  if (how === "Resumed") {
    server.streams++;
    return server.streams % 2 === 1 ? response(200, HEADS.usual, bodies.Broken, true) : response(200, HEADS.usual, bodies.Stream);
  }
  return response(200, HEADS.usual, bodies[how] ?? bodies.Once, how === "Broken");
}

/** In chunks as networks have them. After them it ends, breaks, or waits for a signal. */
function response(status, headers, body, breaks) {
  let at = 0;
  const read = async () => {
    if (at < body.length) {
      const value = body.subarray(at, at + 65_536);
      at += value.length;
      return { done: false, value };
    }
    if (breaks === true) throw new TypeError("network error");
    if (breaks) return new Promise((_, reject) => breaks.addEventListener("abort", () => reject(breaks.reason), { once: true }));
    return { done: true, value: undefined };
  };
  return { ok: status === 200, status, headers, body: { getReader: () => ({ read, cancel: async () => {}, releaseLock() {} }) } };
}

function* some(count) {
  for (let n = 0; n < count; n++) yield follow(text.encode("hello"));
}

/** The network alone. */
export async function fakeFetch() {
  return network(await answers(), { streams: 0 });
}

/** Opens channels of the kinds that there are, and returns what makes calls over them. */
export async function open(createChannel, load) {
  const server = { token: "token 0", streams: 0 };
  const fetch = network(await answers(), server);
  const common = { baseUrl: "https://soak.test", ...load, fetch, serviceConfig: SERVICE_CONFIG, attemptHeader: "always" };
  const channel = await createChannel({ ...common, acceptCompression: ["gzip"] });
  const inText = await createChannel({ ...common, format: "text" });
  let token = server.token;
  const credentialed = await createChannel({
    ...common,
    metadata: async () => ({ authorization: token }),
    credentialsRefresh: {
      refresh: async () => {
        token = server.token;
      },
    },
  });
  return runner(kindsOf({ channel, inText, credentialed, server }), 100);
}

function kindsOf({ channel, inText, credentialed, server }) {
  const unary = (path, more) => (i) => made(i, channel.unary(path, text.encode(`${i}`), optionsOf(i, more)));
  const stream = (path, read, more) => (i) =>
    read(made(i, channel.serverStreaming(path, text.encode(`${i}`), optionsOf(i, more))));
  const cursors = { request: () => EMPTY, cursor: (_message, previous = 0) => previous + 1 };
  const usual = { name: "unary", make: unary("/soak.Retried/Once") };
  const kinds = [
    {
      name: "with metadata",
      make: unary("/soak.Plain/Once", { metadata: { "x-a": "text", "x-b-bin": LARGE.subarray(0, 100) } }),
    },
    { name: "retried", make: unary("/soak.Retried/BusyOnce") },
    { name: "retried in vain", make: unary("/soak.Retried/Busy"), ends: UNAVAILABLE },
    { name: "without a response", make: unary("/soak.Retried/Lost"), ends: UNAVAILABLE },
    { name: "silent at first", make: unary("/soak.Silent/Silent") },
    { name: "hedged", make: unary("/soak.Hedged/Once") },
    { name: "hedged by a learned delay", make: unary("/soak.Tuned/Once") },
    { name: "hedged in vain", make: unary("/soak.Hedged/Busy"), ends: UNAVAILABLE },
    { name: "not found", make: unary("/soak.Retried/Missing"), ends: NOT_FOUND },
    { name: "answered by a web server", make: unary("/soak.Plain/Html"), ends: UNIMPLEMENTED },
    { name: "answered twice", make: unary("/soak.Plain/Twice"), ends: UNIMPLEMENTED },
    { name: "compressed", make: unary("/soak.Plain/Packed") },
    { name: "late", make: unary("/soak.Plain/Silent", { timeoutMs: 2 }), ends: DEADLINE_EXCEEDED },
    {
      name: "canceled",
      make: (i) => aborted((signal) => made(i, channel.unary("/soak.Plain/Silent", EMPTY, optionsOf(i, { signal })))),
      ends: CANCELLED,
    },
    { name: "in text", make: (i) => made(i, inText.unary("/soak.Plain/Text", EMPTY, optionsOf(i))) },
    { name: "stream", make: stream("/soak.Retried/Stream", drain) },
    { name: "stream that is left", make: stream("/soak.Plain/Endless", leave) },
    { name: "stream that is canceled", make: stream("/soak.Plain/Endless", cancel), ends: CANCELLED },
    { name: "stream that is refused", make: stream("/soak.Plain/Refused", drain), ends: NOT_FOUND },
    { name: "stream that breaks off", make: stream("/soak.Plain/Broken", drain), ends: UNAVAILABLE },
    {
      name: "resumed stream",
      make: (i) => drain(channel.resumableStreaming("/soak.Retried/Resumed", cursors, optionsOf(i))),
    },
    { name: "client stream", make: (i) => made(i, channel.clientStreaming("/soak.Retried/Once", some(3), optionsOf(i))) },
    {
      name: "client stream, retried",
      make: (i) => made(i, channel.clientStreaming("/soak.Retried/BusyOnce", some(3), optionsOf(i))),
    },
    {
      name: "with credentials",
      make: (i) => {
        if (i % 7 === 0) server.token = `token ${i}`;
        return made(i, credentialed.unary("/soak.Plain/Token", EMPTY, optionsOf(i)));
      },
      // A call is refreshed once: if the token changes again until then, the call fails.
      ends: [0, UNAUTHENTICATED],
    },
  ];
  // Half of all calls end as most do; one in a thousand is large.
  const mixed = kinds.flatMap((kind) => [kind, usual]);
  const large = { name: "large", make: (i) => made(i, channel.unary("/soak.Retried/Large", LARGE, optionsOf(i))) };
  return [...Array.from({ length: 20 }, () => mixed).flat(), large];
}
