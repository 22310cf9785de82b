// resume of hedgerow/connect: resumableStreaming with a generated method's messages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createChannel } from "hedgerow";
import { resume } from "hedgerow/connect";
import { Greeter, HelloReplySchema, HelloRequestSchema } from "../gen/helloworld/helloworld_pb.js";
import { retrying } from "../support/calls.js";
import { type Exchange, FakeFetch } from "../support/fake-fetch.js";
import { concat, frame, OK, WEB } from "../support/responses.js";

const reply = (message: string): Uint8Array<ArrayBuffer> =>
  frame(toBinary(HelloReplySchema, create(HelloReplySchema, { message })));

test("a generated method's stream is resumed behind the last message", async () => {
  const asked: string[] = [];
  const answer =
    (body: Uint8Array<ArrayBuffer>) =>
    ({ body: request }: Exchange): Response => {
      asked.push(fromBinary(HelloRequestSchema, request.subarray(5)).name);
      return new Response(body, { headers: WEB });
    };
  const fake = new FakeFetch(answer(concat(reply("a"), reply("b"))), answer(concat(reply("c"), OK)));
  const channel = await createChannel({
    baseUrl: "https://api.test",
    fetch: fake.fetch,
    serviceConfig: retrying({ maxAttempts: 2, retryableStatusCodes: ["ABORTED"] }),
  });
  const got: string[] = [];
  const source = { request: (after = "") => ({ name: after }), cursor: ({ message }: { message: string }) => message };
  for await (const { message } of resume(channel, Greeter.method.lotsOfReplies, source)) got.push(message);
  assert.deepEqual(got, ["a", "b", "c"]);
  assert.deepEqual(asked, ["", "b"]);
  channel.close();
});
