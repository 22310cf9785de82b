// Asks the server what it counted, without the package under test: it speaks gRPC-Web itself.
import assert from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type ReportReply, ReportReplySchema, ReportRequestSchema } from "../gen/chaos/v1/chaos_pb.js";
import { server } from "./chromium.js";

/** The report of a call id, once so many of its attempts have begun, and so many have ended. */
export async function report(callId: string, begun: number, ended = begun): Promise<ReportReply> {
  const request = create(ReportRequestSchema, { callId, waitForStarted: begun, waitForEnded: ended });
  const message = toBinary(ReportRequestSchema, request);
  const frame = new Uint8Array(5 + message.length);
  new DataView(frame.buffer).setUint32(1, message.length);
  frame.set(message, 5);
  const response = await fetch(`${server}/hedgerow.chaos.v1.Chaos/Report`, {
    method: "POST",
    headers: { "content-type": "application/grpc-web", "x-grpc-web": "1", "grpc-timeout": "60S" },
    body: frame,
  });
  const body = new Uint8Array(await response.arrayBuffer());
  assert.ok(
    body.length > 5 && body[0] === 0,
    `Report failed: ${response.headers.get("grpc-message") ?? new TextDecoder().decode(body)}`,
  );
  const length = new DataView(body.buffer).getUint32(1);
  return fromBinary(ReportReplySchema, body.subarray(5, 5 + length));
}
