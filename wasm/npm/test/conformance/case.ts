// One case of the conformance suite: the call that it asks for, made over the package's public API, in Node and in a page alike.
import { create, fromBinary } from "@bufbuild/protobuf";
import {
  type CallOptions,
  type Channel,
  type ChannelOptions,
  createChannel,
  type ResponseStream,
  StatusError,
  type UnaryResponse,
} from "hedgerow";
import {
  type ClientCompatRequest,
  type ClientCompatResponse,
  ClientCompatResponseSchema,
} from "../gen/connectrpc/conformance/v1/client_compat_pb.js";
import { Compression, StreamType } from "../gen/connectrpc/conformance/v1/config_pb.js";
import {
  type ConformancePayload,
  ConformancePayloadSchema,
  UnaryResponseSchema,
} from "../gen/connectrpc/conformance/v1/service_pb.js";
import { metadataOf, type Outcome, resultOf } from "./result.js";

/** What makes the calls: a channel, or another client over one. */
export interface Caller {
  unary(...of: Parameters<Channel["unary"]>): Promise<Answer>;
  clientStreaming(...of: Parameters<Channel["clientStreaming"]>): Promise<Answer>;
  serverStreaming(...of: Parameters<Channel["serverStreaming"]>): Answers;
  bidiStreaming(...of: Parameters<Channel["bidiStreaming"]>): Answers;
  /** How a call ended that failed with this error; undefined if it is not the end of a call. */
  outcomeOf(error: unknown): Omit<Outcome, "payloads"> | undefined;
}

type Answer = Pick<UnaryResponse, "message" | "header" | "trailer">;
export type Answers = Pick<ResponseStream, "header" | "trailer"> & AsyncIterable<Uint8Array>;

const overChannel = (channel: Channel): Caller => ({
  unary: (...of) => channel.unary(...of),
  clientStreaming: (...of) => channel.clientStreaming(...of),
  serverStreaming: (...of) => channel.serverStreaming(...of),
  bidiStreaming: (...of) => channel.bidiStreaming(...of),
  outcomeOf: (error) => (error instanceof StatusError ? { header: error.header, trailer: error.trailer, error } : undefined),
});

/** Makes the call and reports how it ended. The options are those that depend on where it is made. */
export async function answer(
  request: ClientCompatRequest,
  options: Partial<ChannelOptions>,
  over: (channel: Channel) => Caller = overChannel,
): Promise<ClientCompatResponse> {
  const response = create(ClientCompatResponseSchema, { testName: request.testName });
  let channel: Channel | undefined;
  try {
    channel = await createChannel({ ...optionsOf(request), ...options });
    const outcome = await within10Seconds(new Case(request, over(channel)).run());
    response.result = { case: "response", value: resultOf(outcome) };
  } catch (error) {
    // This is not how a call ended: the case could not be carried out.
    response.result = { case: "error", value: { $typeName: ERROR_RESULT, message: String(error) } };
  } finally {
    channel?.close();
  }
  return response;
}

/**
 * How long a case may take. The suite gives up on all cases when it hears nothing for 20 seconds, and then one that hangs could not
 * be told from those that wait behind it.
 */
async function within10Seconds<T>(ending: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the call did not end within 10 seconds")), 10_000);
  });
  try {
    return await Promise.race([ending, late]);
  } finally {
    clearTimeout(timer);
  }
}

const ERROR_RESULT = "connectrpc.conformance.v1.ClientErrorResult";

function optionsOf(request: ClientCompatRequest): ChannelOptions {
  const scheme = request.serverTlsCert.length > 0 ? "https" : "http";
  const baseUrl = `${scheme}://${request.host}:${request.port}`;
  if (request.compression !== Compression.GZIP) return { baseUrl };
  return { baseUrl, sendCompression: "gzip", acceptCompression: ["gzip"] };
}

/** What a call that ended with OK has beside its messages. */
type End = Pick<Outcome, "header" | "trailer">;

/** A call that is made as its request says. */
class Case {
  readonly #request: ClientCompatRequest;
  readonly #caller: Caller;
  readonly #method: string;
  readonly #abort = new AbortController();
  readonly #payloads: ConformancePayload[] = [];
  /** Whether nothing more will be received, and those who wait for the next message. */
  #over = false;
  #wake: () => void = () => {};

  constructor(request: ClientCompatRequest, caller: Caller) {
    this.#request = request;
    this.#caller = caller;
    this.#method = `/${request.service}/${request.method}`;
  }

  async run(): Promise<Outcome> {
    try {
      return { ...(await this.#call()), payloads: this.#payloads };
    } catch (error) {
      const outcome = this.#caller.outcomeOf(error);
      if (!outcome) throw error;
      return { ...outcome, payloads: this.#payloads };
    }
  }

  #call(): Promise<End> {
    switch (this.#request.streamType) {
      case StreamType.UNARY:
        return this.#unary();
      case StreamType.CLIENT_STREAM:
        return this.#clientStreaming();
      case StreamType.SERVER_STREAM:
        return this.#serverStreaming();
      default:
        return this.#bidiStreaming();
    }
  }

  async #unary(): Promise<End> {
    const answering = this.#caller.unary(this.#method, this.#onlyMessage(), this.#options());
    this.#sent();
    const answer = await answering;
    this.#received(answer.message);
    return answer;
  }

  async #clientStreaming(): Promise<End> {
    const answer = await this.#caller.clientStreaming(this.#method, this.#messages(), this.#options());
    this.#received(answer.message);
    return answer;
  }

  async #serverStreaming(): Promise<End> {
    const stream = this.#caller.serverStreaming(this.#method, this.#onlyMessage(), this.#options());
    this.#sent();
    for await (const message of stream) this.#received(message);
    return endOf(stream);
  }

  async #bidiStreaming(): Promise<End> {
    const stream = this.#caller.bidiStreaming(this.#method, this.#messages(), this.#options());
    try {
      for await (const message of stream) this.#received(message);
    } finally {
      this.#over = true;
      this.#wake();
    }
    return endOf(stream);
  }

  #options(): CallOptions {
    const { requestHeaders, timeoutMs, messageReceiveLimit } = this.#request;
    return {
      metadata: metadataOf(requestHeaders),
      timeoutMs,
      signal: this.#abort.signal,
      maxReceiveMessageBytes: messageReceiveLimit || undefined,
    };
  }

  #onlyMessage(): Uint8Array {
    const [message, ...more] = this.#request.requestMessages;
    if (!message || more.length > 0) throw new Error("the method takes one message");
    return message.value;
  }

  async *#messages(): AsyncGenerator<Uint8Array> {
    const { requestMessages, requestDelayMs, streamType } = this.#request;
    let sent = 0;
    for (const message of requestMessages) {
      await pass(requestDelayMs);
      if (this.#over) return;
      yield message.value;
      sent++;
      if (streamType === StreamType.FULL_DUPLEX_BIDI_STREAM) await this.#answered(sent);
    }
    if (this.#request.cancel?.cancelTiming.case === "beforeCloseSend") this.#abort.abort();
    else this.#sent();
  }

  /** Is called when the request is complete. */
  #sent(): void {
    const timing = this.#request.cancel?.cancelTiming;
    if (timing?.case === "afterCloseSendMs") setTimeout(() => this.#abort.abort(), timing.value);
  }

  /** Waits until so many messages have come, or no more will. */
  async #answered(messages: number): Promise<void> {
    while (!this.#over && this.#payloads.length < messages) {
      await new Promise<void>((go) => {
        this.#wake = go;
      });
    }
  }

  #received(message: Uint8Array): void {
    // The responses of all methods have this one field.
    const { payload } = fromBinary(UnaryResponseSchema, message);
    this.#payloads.push(payload ?? create(ConformancePayloadSchema));
    this.#wake();
    const timing = this.#request.cancel?.cancelTiming;
    if (timing?.case === "afterNumResponses" && timing.value === this.#payloads.length) this.#abort.abort();
  }
}

async function endOf(stream: Answers): Promise<End> {
  return { header: await stream.header, trailer: await stream.trailer };
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
