import { useActionState } from "react";
import { sayHello } from "./greeter";
import { useChannel } from "./use-channel";

export function App() {
  const { channel, error } = useChannel(import.meta.env.VITE_API_URL ?? "http://localhost:8080");
  const [answer, submit, pending] = useActionState(async (_: string, form: FormData) => {
    try {
      return channel ? await sayHello(channel, String(form.get("name"))) : "";
    } catch (error) {
      return String(error);
    }
  }, "");

  return (
    <>
      <form action={submit}>
        <label>
          Name <input name="name" defaultValue="world" required />
        </label>
        <button type="submit" disabled={!channel || pending}>
          Say hello
        </button>
      </form>
      <p role="status">{error ? String(error) : answer}</p>
    </>
  );
}
