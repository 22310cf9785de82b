"use client";

import { useActionState } from "react";
import { sayHello } from "../lib/greeter";
import { useChannel } from "../lib/use-channel";

export function Form({ baseUrl }: { baseUrl: string }) {
  const { channel, error } = useChannel(baseUrl);
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
