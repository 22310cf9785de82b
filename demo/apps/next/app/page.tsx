import { connect, sayHello } from "../lib/greeter";
import { Form } from "./form";

export const dynamic = "force-dynamic"; // a call for each request, not one while building

const baseUrl = process.env.API_URL ?? "http://localhost:8080";

// One channel for all requests of this server.
const channel = connect(baseUrl);
channel.catch(() => {}); // told by the page that awaits it

export default async function Page() {
  return (
    <main>
      <p id="server">{await sayHello(await channel, "server")}</p>
      <Form baseUrl={baseUrl} />
    </main>
  );
}
