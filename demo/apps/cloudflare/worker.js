import { connect, sayHello } from "../page/greeter.js";

export default {
  async fetch(request, env) {
    // A channel for each request: a Worker ends what one request waits for and another one would wake.
    const channel = await connect(env.API_URL ?? "http://localhost:8080");
    try {
      return new Response(await sayHello(channel, new URL(request.url).searchParams.get("name") ?? "world"));
    } catch (error) {
      return new Response(String(error), { status: 502 });
    } finally {
      channel.close();
    }
  },
};
