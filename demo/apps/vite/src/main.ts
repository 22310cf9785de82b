import { connect, sayHello } from "./greeter";

const form = document.querySelector("form")!;
const status = document.querySelector("[role=status]")!;

// The package begins to load here, while the user still reads the page.
const channel = connect(import.meta.env.VITE_API_URL ?? "http://localhost:8080");
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
