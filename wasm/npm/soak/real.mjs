// Calls and streams to the demo server, whose service Chaos does with each attempt what the request's script says.

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

const [DO, STREAM, COLLECT, CONVERSE] = ["Do", "Stream", "Collect", "Converse"].map((name) => `/hedgerow.chaos.v1.Chaos/${name}`);

const retryPolicy = {
  maxAttempts: 3,
  initialBackoff: "0.001s",
  maxBackoff: "0.002s",
  backoffMultiplier: 1,
  retryableStatusCodes: ["UNAVAILABLE"],
};
const RETRYING = { methodConfig: [{ name: [{}], retryPolicy }] };
const HEDGING = { methodConfig: [{ name: [{}], hedgingPolicy: { maxAttempts: 2, nonFatalStatusCodes: ["UNAVAILABLE"] } }] };

// Requests in protobuf (server/proto/chaos/v1/chaos.proto). All lengths are below 128, and so a byte each.
const field = (number, bytes) => [(number << 3) | 2, bytes.length, ...bytes];
const varint = (number, value) => [number << 3, value];
const messages = (count) => varint(4, count);
const status = (code) => field(11, varint(1, code));
const CUT = field(12, []);
const HANG = field(14, []);
const EARLY = varint(3, 1); // the head comes at once

/** The server keeps what it sees of each id for a while, and tells attempts of a call by it. */
const run = Math.random().toString(36).slice(2);
const script = (i, ...steps) => {
  const id = [...new TextEncoder().encode(`soak ${run} ${i}`)];
  return Uint8Array.from([...field(1, id), ...steps.flatMap((step) => field(2, step))]);
};

function* repeated(message, count) {
  for (let n = 0; n < count; n++) yield message;
}

async function channelsOf(createChannel, load, baseUrl, sockets) {
  const common = { baseUrl, ...load };
  return {
    retried: await createChannel({ ...common, serviceConfig: RETRYING }),
    hedged: await createChannel({ ...common, serviceConfig: HEDGING }),
    inText: await createChannel({ ...common, serviceConfig: RETRYING, format: "text" }),
    prepared: await createChannel({ ...common, serviceConfig: RETRYING, metadata: async () => ({ authorization: "x" }) }),
    duplex: await createChannel({ ...common, serviceConfig: RETRYING, ...(sockets ? { webSocket: true } : {}) }),
  };
}

/** Opens channels, and returns what makes calls over them: of one message each way, or streams. */
export async function open(createChannel, load, { baseUrl, sockets, streams }) {
  const channels = await channelsOf(createChannel, load, baseUrl, sockets);
  return runner(streams ? streamsOf(channels) : unariesOf(channels), 20);
}

function unariesOf({ retried, hedged, inText, prepared }) {
  const unary = (channel, steps, more) => (i) => made(i, channel.unary(DO, script(i, ...steps), optionsOf(i, more)));
  return [
    { name: "unary", make: unary(retried, []) },
    { name: "retried", make: unary(retried, [status(14), []]) },
    { name: "hedged", make: unary(hedged, []) },
    { name: "in text", make: unary(inText, []) },
    { name: "with metadata", make: unary(prepared, []) },
    { name: "not found", make: unary(retried, [status(NOT_FOUND)]), ends: NOT_FOUND },
    { name: "cut off at first", make: unary(retried, [CUT, []]) },
    { name: "refused in vain", make: unary(retried, [status(14)]), ends: UNAVAILABLE },
    { name: "late", make: unary(retried, [HANG], { timeoutMs: 20 }), ends: DEADLINE_EXCEEDED },
    {
      name: "canceled",
      make: (i) => aborted((signal) => made(i, retried.unary(DO, script(i, HANG), optionsOf(i, { signal }))), 5),
      ends: CANCELLED,
    },
  ];
}

function streamsOf({ retried, inText, duplex }) {
  const stream = (channel, read, steps, more) => (i) =>
    read(made(i, channel.serverStreaming(STREAM, script(i, ...steps), optionsOf(i, more))));
  const sent = (i, count) => repeated(script(i), count);
  return [
    { name: "stream", make: stream(retried, drain, [messages(5)]) },
    { name: "stream, retried", make: stream(retried, drain, [status(14), messages(5)]) },
    { name: "stream in text", make: stream(inText, drain, [messages(5)]) },
    { name: "stream that is left", make: stream(retried, leave, [[...messages(1), ...HANG]]) },
    { name: "stream that is canceled", make: stream(retried, cancel, [[...messages(1), ...HANG]]), ends: CANCELLED },
    { name: "stream that is refused", make: stream(retried, drain, [[...messages(3), ...status(NOT_FOUND)]]), ends: NOT_FOUND },
    { name: "stream that is cut off", make: stream(retried, drain, [[...EARLY, ...messages(2), ...CUT]]), ends: UNAVAILABLE },
    { name: "late stream", make: stream(retried, drain, [[...EARLY, ...HANG]], { timeoutMs: 30 }), ends: DEADLINE_EXCEEDED },
    { name: "client stream", make: (i) => made(i, duplex.clientStreaming(COLLECT, sent(i, 3), optionsOf(i))) },
    { name: "two-way stream", make: (i) => drain(made(i, duplex.bidiStreaming(CONVERSE, sent(i, 3), optionsOf(i)))) },
  ];
}
