import { connect, sayHello } from "./greeter.ts";

const [name = "world"] = Deno.args;
const channel = await connect(Deno.env.get("API_URL") ?? "http://localhost:8080");
try {
  console.log(await sayHello(channel, name));
} finally {
  channel.close();
}
