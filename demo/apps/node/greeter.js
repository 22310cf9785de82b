import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { createChannel } from "hedgerow";

// The same service config that a backend team keeps for its other clients.
const serviceConfig = {
  methodConfig: [
    {
      name: [{ service: "helloworld.Greeter" }],
      timeout: "10s",
      retryPolicy: {
        maxAttempts: 4,
        initialBackoff: "0.1s",
        maxBackoff: "2s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
  ],
};

export function connect(baseUrl) {
  return createChannel({ baseUrl, serviceConfig });
}

/**
 * Written by hand, to need no code generator: in helloworld.proto, the request and the reply each have one field, a string. A generator of
 * your choice makes this code for you.
 */
export async function sayHello(channel, name) {
  const request = new BinaryWriter().tag(1, WireType.LengthDelimited).string(name).finish();
  const { message } = await channel.unary("/helloworld.Greeter/SayHello", request);
  for (const reader = new BinaryReader(message); reader.pos < reader.len; ) {
    const [field, type] = reader.tag();
    if (field === 1) return reader.string();
    reader.skip(type);
  }
  return "";
}
