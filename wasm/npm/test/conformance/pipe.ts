// How connectconformance speaks with a client: messages on standard input and output, each after its length in four bytes,
// big-endian.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type ClientCompatRequest,
  ClientCompatRequestSchema,
  type ClientCompatResponse,
  ClientCompatResponseSchema,
} from "../gen/connectrpc/conformance/v1/client_compat_pb.js";

/**
 * How many calls a server has at a time; the others wait before they begin. The suite has calls with a deadline of half a second,
 * within which they must reach the server even on slow machines, and Chromium opens only six connections to an HTTP/1.1 server.
 */
const CALLS_PER_SERVER = 3;

/** Answers all requests of standard input, in whatever order the calls end. */
export async function answerAll(answer: (request: ClientCompatRequest) => Promise<ClientCompatResponse>): Promise<void> {
  const queues = new Map<number, Queue>();
  const answers: Promise<void>[] = [];
  for await (const bytes of messages(process.stdin)) {
    const request = fromBinary(ClientCompatRequestSchema, bytes);
    const queue = queues.get(request.port) ?? new Queue(CALLS_PER_SERVER);
    queues.set(request.port, queue);
    answers.push(queue.run(async () => write(toBinary(ClientCompatResponseSchema, await answer(request)))));
  }
  await Promise.all(answers);
}

async function* messages(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of input) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
      const end = 4 + rest.readUInt32BE();
      yield rest.subarray(4, end);
      rest = rest.subarray(end);
    }
  }
}

function write(message: Uint8Array): void {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  process.stdout.write(Buffer.concat([length, message]));
}

/** Lets at most so many run at the same time. */
class Queue {
  #free: number;
  #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  async run(work: () => Promise<void>): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((go) => this.#waiting.push(go));
    try {
      await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
