// What a browser makes of CORS headers: https://fetch.spec.whatwg.org, "CORS check" and "CORS-preflight fetch".

import type { Answer } from "./exchange.js";

/** Why a browser would not let a page of this origin see the answer; "" if it would. */
export function refusesOrigin({ headers }: Answer, origin: string, credentials: boolean): string {
  const allowed = headers.get("access-control-allow-origin");
  if (allowed === undefined) return "without Access-Control-Allow-Origin";
  if (allowed === "*" && !credentials) return "";
  if (allowed === "*") return 'with Access-Control-Allow-Origin "*", which does not count for credentials';
  if (allowed !== origin) return `with Access-Control-Allow-Origin "${allowed}"`;
  if (credentials && headers.get("access-control-allow-credentials") !== "true")
    return "without Access-Control-Allow-Credentials: true";
  return "";
}

/** Why a browser takes an answer for no permission at all; "" if it is one, for some headers at least. */
export function refusesPreflight(answer: Answer, origin: string, credentials: boolean): string {
  const { status, headers } = answer;
  if (status >= 300 && status < 400) return `with a redirect (${status}) to ${headers.get("location") ?? "nowhere"}`;
  if (status < 200 || status > 299) return `with HTTP status ${status}`;
  return refusesOrigin(answer, origin, credentials);
}

/** Those of the names that a list of headers does not have. "*" stands for all but authorization, and with credentials for itself. */
export function notListed(names: readonly string[], list: string | undefined, credentials: boolean): string[] {
  const listed = new Set((list ?? "").split(",").map((name) => name.trim().toLowerCase()));
  const all = listed.has("*") && !credentials;
  return names.filter((name) => !listed.has(name) && !(all && name !== "authorization"));
}

/**
 * Whether an answer's list of exposed headers is made of that answer's own, as by the improbable-eng wrapper: then it says nothing of
 * headers that other answers have. Nobody writes "date" into a list by hand.
 */
export function exposesItself(list: string | undefined): boolean {
  return /(^|[\s,])date\b/i.test(list ?? "");
}
