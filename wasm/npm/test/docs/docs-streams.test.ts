// The code of docs/streams.md, as it stands there: type-checked, bundled, and run against the real server.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { type Channel, Code } from "hedgerow";
import { cut as broken, createTestServer, fail, type Part, reply as replied } from "hedgerow/testing";
import { WebSocket } from "undici";
import { RequestSchema } from "../gen/chaos/v1/chaos_pb.js";
import { refused, retrying, settle } from "../support/calls.js";
import { codeOf, compiled } from "../support/documents.js";
import { connect, cut, hang, reply, Script, SERVER, STREAM, type StepInit, status } from "../support/server.js";

const late: StepInit = { messages: 3, ...status(Code.UNAVAILABLE, "late") };

interface Tick {
  readonly id: number;
}

/**
 * The code that takes the place of generated code: the server's Stream, whose answers say after which tick it was asked to begin.
 */
interface Ticks {
  WATCH: string;
  encodeRequest: (request: { after: number }) => Uint8Array;
  decodeTick: (message: Uint8Array) => Tick;
}

const ticks = `
export interface Tick { readonly id: number }
interface Ticks {
  WATCH: string;
  encodeRequest: (request: { after: number }) => Uint8Array;
  decodeTick: (message: Uint8Array) => Tick;
}
const ticks = globalThis as unknown as Ticks;
export const WATCH = ${JSON.stringify(STREAM)};
export const encodeRequest: Ticks["encodeRequest"] = (request) => ticks.encodeRequest(request);
export const decodeTick: Ticks["decodeTick"] = (message) => ticks.decodeTick(message);
`;

type Watch = (channel: Channel, show: (tick: Tick) => void, signal: AbortSignal) => Promise<void>;

/** The document's programs. */
const blocks = codeOf("streams.md").then(([follow, watch, chat, ...more]) => {
  assert.ok(
    follow && watch && chat && more.length === 0,
    "docs/streams.md has three blocks of TypeScript: follow, watch and chat",
  );
  return { follow, watch, chat };
});

const program: Promise<Watch> = (async () => {
  const { follow, watch } = await blocks;
  return (await compiled("streams", { "follow.ts": follow, "watch.ts": watch, "ticks.ts": ticks }, "watch.ts")) as {
    watch: Watch;
  };
})().then(({ watch }) => watch);

/** Runs the program against steps of the server, and records what came and after which ticks it asked. */
async function run(t: TestContext, steps: StepInit[], { signal = new AbortController().signal, onTick = (_: Tick) => {} } = {}) {
  const watch = await program;
  const script = new Script(steps);
  const asked: number[] = [];
  Object.assign<typeof globalThis, Omit<Ticks, "WATCH">>(globalThis, {
    encodeRequest: ({ after }) => {
      asked.push(after);
      return toBinary(RequestSchema, create(RequestSchema, { callId: script.id, steps, payload: Uint8Array.of(after) }));
    },
    decodeTick: (message) => ({ id: (reply(message).payload[0] as number) + reply(message).index }),
  });
  const shown: number[] = [];
  const show = (tick: Tick) => {
    shown.push(tick.id);
    onTick(tick);
  };
  const done = watch(await connect(t, { serviceConfig: retrying() }), show, signal);
  return { script, asked, shown, done };
}

test("docs/streams.md: a stream that breaks is taken up behind the last message, and none is missed or told twice", async (t) => {
  t.mock.method(Math, "random", () => 0);
  const steps = [late, status(Code.UNAVAILABLE), { messages: 2, waitForStarted: 4, ...cut(10) }, { messages: 2 }];
  let released: Promise<void> | undefined;
  const onTick = ({ id }: Tick) => {
    if (id === 5) released = script.release(t); // The connection breaks when everything that came has been shown.
  };
  const { asked, shown, done, script } = await run(t, steps, { onTick });
  await done;
  await released;
  assert.deepEqual(shown, [1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(asked, [0, 3, 5], "what failed before its first message was the channel's to retry");
  assert.equal((await script.report(t, 5, 5)).started, 5, "the one that released the third among them");
});

test("docs/streams.md: a failure that will not pass is the program's", async (t) => {
  const { shown, done, asked } = await run(t, [{ messages: 2, ...status(Code.NOT_FOUND, "no such feed") }]);
  const error = await refused(done);
  assert.deepEqual([error.code, error.message], [Code.NOT_FOUND, "no such feed"]);
  assert.deepEqual([shown, asked], [[1, 2], [0]]);
});

test("docs/streams.md: an answer that ends without its status is taken up again behind a message, and is final before one", async (t) => {
  t.mock.method(Math, "random", () => 0);
  Object.assign<typeof globalThis, Omit<Ticks, "WATCH">>(globalThis, {
    encodeRequest: ({ after }) => Uint8Array.of(after),
    decodeTick: ([id = 0]) => ({ id }),
  });
  const watch = await program;
  const tick = (id: number) => Uint8Array.of(id);
  const outcome = async (...answers: Part[][]) => {
    const server = createTestServer().on(STREAM, ...answers.map((parts) => replied(parts)));
    const shown: number[] = [];
    const channel = await connect(t, server.options);
    const error = await watch(channel, ({ id }) => shown.push(id), new AbortController().signal).catch((error) => error);
    server.verify();
    return [shown, server.requests().map(({ message }) => message[0]), error?.code];
  };
  assert.deepEqual(await outcome([tick(1), tick(2), broken()], [tick(3)]), [[1, 2, 3], [0, 2], undefined]);
  assert.deepEqual(await outcome([tick(1), broken()], [broken()]), [[1], [0, 1], Code.UNKNOWN]);
  assert.deepEqual(await outcome([fail(Code.UNKNOWN)]), [[], [0], Code.UNKNOWN]);
});

test("docs/streams.md: an abort ends the stream, or the waiting", async (t) => {
  for (const end of [hang, status(Code.UNAVAILABLE, "late")]) {
    t.mock.method(Math, "random", () => 0.99);
    const controller = new AbortController();
    let came = () => {};
    const third = new Promise<void>((resolve) => {
      came = resolve;
    });
    const onTick = ({ id }: Tick) => {
      if (id === 3) came();
    };
    const { done, script, asked } = await run(t, [{ messages: 3, ...end }], { signal: controller.signal, onTick });
    await third;
    if (end !== hang) await script.report(t, 1, 1);
    await settle();
    controller.abort();
    await done;
    assert.equal((await script.report(t, 1, 1)).started, 1);
    assert.deepEqual(asked, [0]);
  }
});

test("docs/streams.md: an error of the program's own ends it", async (t) => {
  t.mock.method(Math, "random", () => 0);
  const fault = new Error("full");
  const { done, asked } = await run(t, [{ messages: 3 }], {
    onTick: () => {
      throw fault;
    },
  });
  await assert.rejects(done, fault);
  assert.deepEqual(asked, [0]);
});

const chatMessages = `
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { HelloReplySchema, HelloRequestSchema } from "../../../test/gen/helloworld/helloworld_pb.js";
export const CHAT = "/helloworld.Greeter/BidiHello";
export const encodeLine = (name: string): Uint8Array => toBinary(HelloRequestSchema, create(HelloRequestSchema, { name }));
export const decodeAnswer = (message: Uint8Array): string => fromBinary(HelloReplySchema, message).message;
`;

type Chat = (baseUrl: string, lines: AsyncIterable<string>, show: (answer: string) => void) => Promise<void>;

test("docs/streams.md: over WebSockets each line is answered before the next is said", async (t) => {
  const files = { "chat.ts": (await blocks).chat, "chat-messages.ts": chatMessages };
  const { chat } = (await compiled("streams-chat", files, "chat.ts")) as { chat: Chat };
  const own = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
  Object.defineProperty(globalThis, "WebSocket", { configurable: true, value: WebSocket }); // Node 20 has none
  t.after(() => {
    if (own) Object.defineProperty(globalThis, "WebSocket", own);
    else Reflect.deleteProperty(globalThis, "WebSocket");
  });
  const shown: string[] = [];
  let heard = () => {};
  async function* lines() {
    for (const line of ["Ada", "Grace", "Joan"]) {
      const answered = new Promise<void>((go) => {
        heard = go;
      });
      yield line;
      await answered;
    }
  }
  await chat(SERVER, lines(), (answer) => {
    shown.push(answer);
    heard();
  });
  assert.deepEqual(shown, ["Hello Ada", "Hello Grace", "Hello Joan"]);
});
