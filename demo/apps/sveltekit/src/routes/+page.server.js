import { connect, sayHello } from "../../../page/greeter.js";

const api = process.env.API_URL ?? "http://localhost:8080";

// One channel for all requests, made at the first of them and not while the app is built.
let channel;

/** A call on the server. */
export async function load() {
  channel ??= connect(api);
  return { api, greeting: await sayHello(await channel, "server") };
}
