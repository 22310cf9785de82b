import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type Channel, createChannel, type ServiceConfig } from "hedgerow";

// The same service config that a backend team keeps for its other clients.
const serviceConfig: ServiceConfig = {
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

export function connect(baseUrl: string): Promise<Channel> {
  return createChannel({ baseUrl, serviceConfig });
}

/**
 * Written by hand, to need no code generator: in helloworld.proto, the request and the reply each have one field, a string. A generator of
 * your choice makes this code for you.
 */
export async function sayHello(channel: Channel, name: string): Promise<string> {
  const request = new BinaryWriter().tag(1, WireType.LengthDelimited).string(name).finish();
  const { message } = await channel.unary("/helloworld.Greeter/SayHello", request);
  for (const reader = new BinaryReader(message); reader.pos < reader.len; ) {
    const [field, type] = reader.tag();
    if (field === 1) return reader.string();
    reader.skip(type);
  }
  return "";
}
