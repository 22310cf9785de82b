// What a page does for ./browser.ts: it makes the calls.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { ClientCompatRequestSchema, ClientCompatResponseSchema } from "../gen/connectrpc/conformance/v1/client_compat_pb.js";
import { answer } from "./case.js";

declare global {
  /** In the page: answers a request of the suite. The request and the answer are in base64. */
  var conformance: (request: string, requestStreaming: boolean) => Promise<string>;
}

globalThis.conformance = async (base64, requestStreaming) => {
  const request = fromBinary(
    ClientCompatRequestSchema,
    Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)),
  );
  const response = toBinary(ClientCompatResponseSchema, await answer(request, { requestStreaming }));
  return btoa(Array.from(response, (byte) => String.fromCharCode(byte)).join(""));
};
