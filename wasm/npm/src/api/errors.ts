import { Code } from "./code.js";
import type { AttemptRecord, CommitReason } from "./events.js";
import { explain } from "./explain.js";
import { clause, peek } from "./foreign.js";
import { Metadata } from "./metadata.js";

/** How a call ended, in the form that the package uses inside. */
export interface Ending {
  readonly code: Code;
  readonly rawCode?: number | undefined;
  readonly message: string;
  readonly details: Uint8Array | undefined;
  readonly header: Metadata;
  readonly trailer: Metadata;
  readonly attempts: readonly AttemptRecord[];
  readonly commitReason: CommitReason;
  /** The application gets no message that it has not read yet. */
  readonly drop?: boolean;
  /** The connection was lost after the commit. */
  readonly lost?: boolean;
}

/**
 * A call that did not end with OK. `message` is the server's grpc-message, unchanged, or a sentence from the client itself.
 * `toString()` puts the code's name before it.
 */
export class StatusError extends Error {
  readonly code: Code;
  /** The number of a grpc-status that is none of gRPC's codes, above 16, as some applications send it: `code` is UNKNOWN then. */
  readonly rawCode: number | undefined;
  /** The google.rpc.Status of grpc-status-details-bin, as bytes. */
  readonly details: Uint8Array | undefined;
  /** Header metadata of the committed attempt. Empty after a Trailers-Only response, whose metadata is in `trailer`. */
  readonly header: Metadata;
  readonly trailer: Metadata;
  /** "/package.Service/Method" */
  readonly method: string;
  /** Every attempt, in the order in which they began. Empty if nothing was sent. */
  readonly attempts: readonly AttemptRecord[];
  /** Why no further attempt was made. */
  readonly commitReason: CommitReason;

  private constructor(method: string, ending: Ending, cause: unknown) {
    super(ending.message, cause === undefined ? undefined : { cause });
    this.code = ending.code;
    this.rawCode = ending.rawCode;
    this.details = ending.details;
    this.header = ending.header;
    this.trailer = ending.trailer;
    this.method = method;
    this.attempts = ending.attempts;
    this.commitReason = ending.commitReason;
  }

  /** Says in a few plain sentences what was tried, why it stopped, and what would have changed it. For developers; the wording may change. */
  explain(): string {
    return explain(this);
  }

  override toString(): string {
    const history = this.attempts.length > 1 ? `, ${this.attempts.length} attempts` : "";
    return `StatusError: ${Code[this.code]}: ${this.message} (${this.method}${history})`;
  }
}
name(StatusError, "StatusError");

const lost = new WeakSet<object>();

/** Whether a call's connection was lost after the commit, so that no status had come from the server. */
export function isLost(error: StatusError): boolean {
  return lost.has(error);
}

/** Makes a StatusError. Only the package does, which is why the constructor is private. */
export function statusError(method: string, ending: Ending, cause?: unknown): StatusError {
  const error: StatusError = Reflect.construct(StatusError, [method, ending, cause]);
  if (ending.lost) lost.add(error);
  return error;
}

/** Whether it has the name of a StatusError, as one from another copy of the package has too. Not all that has the name is one. */
export function isStatusError(error: unknown): error is StatusError {
  return peek(error, "name") === "StatusError";
}

/** Sets the name of the error and of its class. Stack traces show the latter, and a minifier would change it. */
function name(of: typeof StatusError | typeof ConfigError | typeof LoadError, name: string): void {
  of.prototype.name = name;
  Object.defineProperty(of, "name", { value: name });
}

/** The error of a call that was refused on this side: nothing was sent. */
export function refusal(method: string, code: Code, message: string, reason: CommitReason, cause?: unknown): StatusError {
  return statusError(
    method,
    {
      code,
      message,
      details: undefined,
      header: new Metadata(),
      trailer: new Metadata(),
      attempts: [],
      commitReason: reason,
    },
    cause,
  );
}

/** One problem in a channel's options. */
export interface Problem {
  /** Where it is: "baseUrl", or within the service config "methodConfig[0].retryPolicy.maxAttempts". */
  readonly path: string;
  /** What is wrong there, and what to do about it. */
  readonly reason: string;
}

/** A channel's options are not valid. The error has every problem, not only the first. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(`the channel's options are not valid:\n${problems.map((p) => `  ${p.path && `${p.path}: `}${p.reason}`).join("\n")}`);
    this.problems = problems;
  }
}
name(ConfigError, "ConfigError");

/** The WebAssembly could not be loaded. The message says what was fetched, what came back, and what to change. */
export class LoadError extends Error {}
name(LoadError, "LoadError");

/**
 * The error of a WebAssembly that the page's Content-Security-Policy does not allow, if this is why: Chromium and WebKit say so by the
 * policy's words, Firefox by "CSP".
 */
export function blocked(cause: unknown, from: string): LoadError | undefined {
  const [text = ""] = clause(cause).split(/\.?\n/); // WebKit quotes the program behind it
  if (!/Content Security Policy|unsafe-eval|\bCSP\b/i.test(text)) return undefined;
  const remedy = "The page's Content-Security-Policy must allow it: script-src 'wasm-unsafe-eval'";
  return new LoadError(`${from} could not be compiled: ${text}. ${remedy}`, { cause });
}

/** Waits for a part of the package that only some programs need. */
export async function loadPart<T>(part: Promise<T>): Promise<T> {
  try {
    return await part;
  } catch (cause) {
    throw new LoadError(`a part of Hedgerow's own JavaScript could not be loaded: ${String(cause)}`, { cause });
  }
}
