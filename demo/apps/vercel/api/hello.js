import { connect, sayHello } from "../../page/greeter.js";

export const config = { runtime: "edge" };

export default async function handler(request) {
  // A channel for each request: an edge runtime ends what one request waits for and another one would wake.
  const channel = await connect(process.env.API_URL ?? "http://localhost:8080");
  try {
    return new Response(await sayHello(channel, new URL(request.url).searchParams.get("name") ?? "world"));
  } catch (error) {
    return new Response(String(error), { status: 502 });
  } finally {
    channel.close();
  }
}
