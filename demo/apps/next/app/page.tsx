import { connect, sayHello } from "../lib/greeter";
import { Form } from "./form";

export const dynamic = "force-dynamic"; // The call is made for each request, not once at build time.

const baseUrl = process.env.API_URL ?? "http://localhost:8080";

// One channel for all requests of this server.
const channel = connect(baseUrl);
channel.catch(() => {}); // The page below awaits the channel, and reports the error.

export default async function Page() {
  return (
    <main>
      <p id="server">{await sayHello(await channel, "server")}</p>
      <Form baseUrl={baseUrl} />
    </main>
  );
}
