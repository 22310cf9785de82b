import { connect, sayHello } from "./greeter";

// build.mjs puts it here.
declare const API_URL: string;

const form = document.querySelector("form")!;
const status = document.querySelector("[role=status]")!;

// Loading starts here, while the reader still reads.
const channel = connect(API_URL);
channel.catch((error) => {
  status.textContent = String(error);
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = String(new FormData(form).get("name"));
  try {
    status.textContent = await sayHello(await channel, name);
  } catch (error) {
    status.textContent = String(error);
  }
});
