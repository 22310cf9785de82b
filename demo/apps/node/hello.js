import { connect, sayHello } from "./greeter.js";

const [name = "world"] = process.argv.slice(2);
const channel = await connect(process.env.API_URL ?? "http://localhost:8080");
try {
  console.log(await sayHello(channel, name));
} finally {
  channel.close();
}
