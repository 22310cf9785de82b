// The command line: what was asked for, or what is wrong with it.

import { parseArgs } from "node:util";
import { SERVERS } from "./configuration.js";

export interface Asked {
  readonly kind: "doctor";
  /** The base URL, without a slash at its end. */
  readonly url: string;
  /** The origin of the page for which CORS is checked. */
  readonly origin: string | undefined;
  /** The method that is called, "/pkg.Service/Method"; undefined: one that no server has. */
  readonly method: string | undefined;
  /** Metadata of the user's calls, by lower-case name; "" where only the name was given. */
  readonly headers: ReadonlyMap<string, string>;
  readonly credentials: boolean;
  /** Accept certificates that cannot be verified. */
  readonly insecure: boolean;
  /** The channel has headerCommit: "firstFrame". */
  readonly firstFrame: boolean;
  /** The one server whose configuration is shown; undefined: all of them. */
  readonly server: string | undefined;
  /** How long each request may take, in milliseconds. */
  readonly timeout: number;
}

type Arguments =
  | Asked
  | { readonly kind: "help" | "version" }
  /** Nothing can be done. */
  | { readonly kind: "wrong"; readonly reason: string };

const NAMES = SERVERS.map(({ name }) => name);

export const USAGE: string = `Usage: npx hedgerow doctor [options] URL

Checks from this machine whether pages can call the gRPC-Web server at URL, and
whether their calls can be retried. URL is what the channel has as baseUrl.

Options:
  --origin ORIGIN       the page's origin, such as https://app.example.com:
                        checks what CORS allows it
  --method METHOD       a method of the server, /pkg.Service/Method, which is
                        called with an empty message. Without it, a method that
                        no server has is called, which any gRPC server refuses
  --header NAME[:VALUE] metadata that calls send, such as authorization; more
                        than once for several names
  --credentials         the channel has credentials: "include"
  --first-frame         the channel has headerCommit: "firstFrame"
  --insecure            accept a certificate that cannot be verified
  --server NAME         show the configuration for this server only:
                        ${NAMES.slice(0, 4).join(", ")},
                        ${NAMES.slice(4).join(", ")}
  --timeout SECONDS     how long each request may take (default 10)
  --help, --version

Exits with 0 if calls and retries work, with 1 if some would fail, and with 2 if
the command line is wrong.
`;

const OPTIONS = {
  origin: { type: "string" },
  method: { type: "string" },
  header: { type: "string", multiple: true },
  credentials: { type: "boolean" },
  "first-frame": { type: "boolean" },
  insecure: { type: "boolean" },
  server: { type: "string" },
  timeout: { type: "string", default: "10" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;

export function readArguments(args: readonly string[]): Arguments {
  try {
    return read(args);
  } catch (error) {
    return { kind: "wrong", reason: (error as Error).message };
  }
}

/** Reads the arguments, or throws an Error whose message says which of them is wrong. */
function read(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  if (values.help) return { kind: "help" };
  if (values.version) return { kind: "version" };
  const [command, url, ...more] = positionals;
  if (command !== "doctor")
    throw new Error(command === undefined ? "no command: there is only doctor" : `unknown command ${command}`);
  if (url === undefined) throw new Error("doctor needs the URL of a server");
  if (more.length > 0) throw new Error(`doctor takes one URL, not also ${more.join(" ")}`);
  const { method, server } = values;
  if (method !== undefined && !/^\/[^/\s?#]+\/[^/\s?#]+$/.test(method))
    throw new Error(`--method must be /pkg.Service/Method, not ${method}`);
  if (server !== undefined && !NAMES.includes(server))
    throw new Error(`--server must be one of ${NAMES.join(", ")}, not ${server}`);
  const seconds = Number(values.timeout);
  if (!(seconds > 0 && seconds <= 3600))
    throw new Error(`--timeout must be a number of seconds up to 3600, not ${values.timeout}`);
  return {
    kind: "doctor",
    url: baseUrl(url),
    origin: values.origin === undefined ? undefined : originOf(values.origin),
    method,
    headers: new Map((values.header ?? []).map(readHeader)),
    credentials: values.credentials ?? false,
    insecure: values.insecure ?? false,
    firstFrame: values["first-frame"] ?? false,
    server,
    timeout: seconds * 1000,
  };
}

function parse(text: string, what: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "https:" || url?.protocol === "http:") return url;
  throw new Error(`${what} must begin with https:// or http://, not ${text}`);
}

function baseUrl(text: string): string {
  const { href, search, hash } = parse(text, "the URL");
  if (search || hash) throw new Error(`the URL must have no query and no fragment: ${text}`);
  return href.replace(/\/+$/, "");
}

function originOf(text: string): string {
  const { origin, href } = parse(text, "--origin");
  if (href !== `${origin}/`) throw new Error(`--origin must be scheme, host and port, such as ${origin}, not ${text}`);
  return origin;
}

function readHeader(text: string): [string, string] {
  const [, name = "", value = ""] = /^([-\w.]+)(?::\s*(.*))?$/.exec(text) ?? [];
  if (!name) throw new Error(`--header must be a name, or name: value, not ${text}`);
  return [name.toLowerCase(), value];
}
