import { runGo } from "./abi/go-runtime.js";
import { keepGo } from "./abi/runtime.js";
import type { ChannelOptions } from "./api/options.js";
import { createFetch } from "./fetch.js";
import { createChannel } from "./index.js";

/** Options that are set per server, options that the app's own client decides, and options for what service workers do not have. */
type Belonging =
  | "baseUrl"
  | "format"
  | "sendCompression"
  | "acceptCompression"
  | "requestStreaming"
  | "maxReceiveMessageBytes"
  | "credentials"
  | "webSocket"
  | "worker"
  | "workerUrl";

/** The options of install: those of createChannel, without those that belong to one call or one server. */
export interface InstallOptions extends Omit<ChannelOptions, Belonging> {
  /**
   * The servers whose gRPC-Web calls are handled: origins or base URLs, such as "https://api.example.com", or "/grpc", relative to the
   * service worker. Each has its own channel, with its own throttle and replay buffer. A list among them has endpoints with the same
   * services, which share a channel: see baseUrl. Default: the service worker's origin.
   */
  readonly origins?: readonly (string | readonly string[])[] | undefined;
}

/**
 * Applies a service config to every gRPC-Web call of the pages that the service worker controls, whatever client makes it, and without a
 * change to the pages. createFetch in hedgerow/fetch says what the client gets back. All other requests are left alone.
 *
 * Call it while the service worker's script first runs, not later: browsers accept listeners for `fetch` only then. The WebAssembly is
 * loaded when the service worker is installed. Options that are not valid, or a load that fails, make the installation fail. If the load
 * fails later, when a browser wakes the service worker up, calls are sent without policies, and the console says so.
 */
export function install(options: InstallOptions = {}): void {
  const scope = globalThis as unknown as Scope;
  const { origins = ["/"], ...rest } = options;
  const servers = origins.map(
    (one) =>
      new Server(
        [one].flat().map((origin) => new URL(origin, scope.location.href).href.replace(/\/+$/, "")),
        rest,
      ),
  );
  scope.addEventListener("install", (event) => event.waitUntil(installed(servers)));
  scope.addEventListener("fetch", (event) => {
    const { request } = event;
    if (request.method !== "POST" || !request.headers.get("content-type")?.startsWith("application/grpc-web")) return;
    const server = servers.find(({ baseUrl }) => baseUrl.some((url) => request.url.startsWith(`${url}/`)));
    if (server) event.respondWith(server.fetch(request));
  });
}

keepGo(runGo); // a service worker cannot import it when it is needed

/** Browsers do not say why an installation failed. */
async function installed(servers: readonly Server[]): Promise<void> {
  try {
    await Promise.all(servers.map((server) => server.open()));
  } catch (error) {
    console.error("hedgerow: the service worker could not be installed:", error);
    throw error;
  }
}

/** The part of a service worker's global scope that is used here. TypeScript's own types for it and those for pages exclude each other. */
interface Scope {
  readonly location: { readonly href: string };
  addEventListener(type: "install", listener: (event: { waitUntil(done: Promise<unknown>): void }) => void): void;
  addEventListener(
    type: "fetch",
    listener: (event: { readonly request: Request; respondWith(response: Promise<Response>): void }) => void,
  ): void;
}

/** One base URL, or several endpoints. Its channel is made when it is first needed. */
class Server {
  readonly baseUrl: readonly string[];
  #options: Omit<InstallOptions, "origins">;
  #open: Promise<typeof fetch> | undefined;

  constructor(baseUrl: readonly string[], options: Omit<InstallOptions, "origins">) {
    this.baseUrl = baseUrl;
    this.#options = options;
  }

  open(): Promise<typeof fetch> {
    this.#open ??= createChannel({ ...this.#options, baseUrl: this.baseUrl }).then((channel) => createFetch(channel));
    this.#open.catch(() => {
      this.#open = undefined; // the next call tries again
    });
    return this.#open;
  }

  async fetch(request: Request): Promise<Response> {
    let through: typeof fetch = fetch;
    try {
      through = await this.open();
    } catch (error) {
      console.error("hedgerow: gRPC-Web calls are sent without retries:", error);
    }
    return through(request);
  }
}
