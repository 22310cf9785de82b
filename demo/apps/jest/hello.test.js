import { expect, test } from "@jest/globals";
import { createChannel } from "hedgerow";
import { createTestServer, reply } from "hedgerow/testing";
import { sayHello } from "../page/greeter.js";

test("says hello", async () => {
  const server = createTestServer().on("/helloworld.Greeter/SayHello", reply(Uint8Array.of(0x0a, 2, 0x48, 0x69)));
  const channel = await createChannel(server.options);
  expect(await server.clock.runUntil(sayHello(channel, "you"))).toBe("Hi");
  channel.close();
});
