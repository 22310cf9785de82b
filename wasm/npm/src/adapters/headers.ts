/** Header fields that the client sets, and that are sent as it sets them. */
export const OWN: readonly string[] = ["content-type", "accept", "x-user-agent", "grpc-encoding", "grpc-accept-encoding"];

/** Header fields that are not metadata. */
export const WIRE: ReadonlySet<string> = new Set([
  ...OWN,
  "x-grpc-web",
  "grpc-timeout",
  "grpc-previous-rpc-attempts",
  "user-agent",
  "content-length",
]);

const UNITS: { readonly [unit: string]: number } = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** grpc-timeout in milliseconds (PROTOCOL-HTTP2). Infinity if there is none. */
export function timeoutOf(text: string | null): number {
  if (text === null) return Number.POSITIVE_INFINITY;
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined)
    throw new TypeError(`the request's grpc-timeout ${JSON.stringify(text)} is not valid`);
  return Number(digits) * (UNITS[unit] as number);
}
