import { connect, sayHello } from "./greeter";

// build.mjs sets this.
declare const API_URL: string;

const form = document.querySelector("form")!;
const status = document.querySelector("[role=status]")!;

// The package begins to load here, while the user still reads the page.
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
