// The smallest pages that make one call, of a kind each: the entries that bench/chromium.mjs bundles one by one, for the cold start.

export const PAGES = {
  hedgerow: `
    import { createChannel } from "hedgerow";
    const channel = await createChannel({ baseUrl: location.origin + "/unary" });
    await channel.unary("/helloworld.Greeter/SayHello", new Uint8Array());`,
  "hedgerow.min.js": `
    import { createChannel } from "/package/hedgerow.min.js";
    const channel = await createChannel({ baseUrl: location.origin + "/unary" });
    await channel.unary("/helloworld.Greeter/SayHello", new Uint8Array());`,
  "connect-web": `
    import { createClient } from "@connectrpc/connect";
    import { createGrpcWebTransport } from "@connectrpc/connect-web";
    import { Greeter } from "./test/gen/helloworld/helloworld_pb.js";
    const client = createClient(Greeter, createGrpcWebTransport({ baseUrl: location.origin + "/unary" }));
    await client.sayHello({});`,
  "protobuf-ts": `
    import { GrpcWebFetchTransport } from "@protobuf-ts/grpcweb-transport";
    import { GreeterClient } from "./test/gen/protobuf-ts/helloworld/helloworld.client.js";
    const client = new GreeterClient(new GrpcWebFetchTransport({ baseUrl: location.origin + "/unary", format: "binary" }));
    await client.sayHello({ name: "" }).response;`,
  "connect-go": `
    await import("/wasm_exec.js");
    const go = new globalThis.Go();
    const { instance } = await WebAssembly.instantiateStreaming(fetch("/connect-go.wasm"), go.importObject);
    void go.run(instance);
    await globalThis.connectGo(location.origin + "/unary", "", 1);`,
};
