import type { ChannelOptions } from "./api/options.js";
import { createFetch } from "./fetch.js";
import { createChannel } from "./index.js";

/** What one server's channel is told, what the app's own client says of its requests, and what service workers have not. */
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

/** What install takes: what createChannel does, but for what belongs to one call or one server. */
export interface InstallOptions extends Omit<ChannelOptions, Belonging> {
  /**
   * Whose gRPC-Web calls are taken: origins or base URLs, "https://api.example.com" or "/grpc", relative to the service worker. Each has a
   * channel of its own, with a throttle and a replay buffer of its own. Default: the service worker's origin.
   */
  readonly origins?: readonly string[] | undefined;
}

/**
 * Gives every gRPC-Web call of the pages that the service worker controls the policies of a service config, whatever client makes it and
 * without a change to it: see createFetch of hedgerow/fetch for what it gets back. All other requests go by untouched.
 *
 * Call it while the service worker's script runs for the first time, not later: browsers take listeners for `fetch` only then. The
 * WebAssembly is loaded as the service worker is installed: options that are not valid, or a load that fails, fail its installation.
 * When it fails as a browser wakes the service worker up, calls go out without policies, and the console says so.
 */
export function install(options: InstallOptions = {}): void {
  const scope = globalThis as unknown as Scope;
  const { origins = ["/"], ...rest } = options;
  const servers = origins.map((origin) => new Server(new URL(origin, scope.location.href).href.replace(/\/+$/, ""), rest));
  scope.addEventListener("install", (event) => event.waitUntil(installed(servers)));
  scope.addEventListener("fetch", (event) => {
    const { request } = event;
    if (request.method !== "POST" || !request.headers.get("content-type")?.startsWith("application/grpc-web")) return;
    const server = servers.find(({ baseUrl }) => request.url.startsWith(`${baseUrl}/`));
    if (server) event.respondWith(server.fetch(request));
  });
}

/** Browsers do not say why an installation failed. */
async function installed(servers: readonly Server[]): Promise<void> {
  try {
    await Promise.all(servers.map((server) => server.open()));
  } catch (error) {
    console.error("hedgerow: the service worker is not installed, for", error);
    throw error;
  }
}

/** What is used of a service worker's global scope: TypeScript's own types of it and those of pages exclude each other. */
interface Scope {
  readonly location: { readonly href: string };
  addEventListener(type: "install", listener: (event: { waitUntil(done: Promise<unknown>): void }) => void): void;
  addEventListener(
    type: "fetch",
    listener: (event: { readonly request: Request; respondWith(response: Promise<Response>): void }) => void,
  ): void;
}

/** One base URL, with a channel that is made when it is first needed. */
class Server {
  readonly baseUrl: string;
  #options: Omit<InstallOptions, "origins">;
  #open: Promise<typeof fetch> | undefined;

  constructor(baseUrl: string, options: Omit<InstallOptions, "origins">) {
    this.baseUrl = baseUrl;
    this.#options = options;
  }

  open(): Promise<typeof fetch> {
    this.#open ??= createChannel({ ...this.#options, baseUrl: this.baseUrl }).then((channel) => createFetch(channel));
    this.#open.catch(() => {
      this.#open = undefined; // it may be tried again
    });
    return this.#open;
  }

  async fetch(request: Request): Promise<Response> {
    let through: typeof fetch = fetch;
    try {
      through = await this.open();
    } catch (error) {
      console.error("hedgerow: gRPC-Web calls go out without retries, for", error);
    }
    return through(request);
  }
}
