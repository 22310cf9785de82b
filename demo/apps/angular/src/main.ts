import { Component, signal } from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";
import { connect, sayHello } from "../../page/greeter.js";

@Component({
  selector: "app-root",
  template: `
    <form (submit)="$event.preventDefault(); hello(name.value)">
      <label>Name <input #name value="world" required></label>
      <button type="submit">Say hello</button>
    </form>
    <p role="status">{{ status() }}</p>
  `,
})
class App {
  readonly status = signal("");
  // The package begins to load here, while the user still reads the page.
  readonly #channel = connect(new URLSearchParams(location.search).get("api") ?? "http://localhost:8080");

  async hello(name: string): Promise<void> {
    try {
      this.status.set(await sayHello(await this.#channel, name));
    } catch (error) {
      this.status.set(String(error));
    }
  }
}

bootstrapApplication(App).catch(console.error);
