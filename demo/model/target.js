// Where the calls go. Pure.

/** A port that no service is registered for, so nothing listens there. */
const nothing = "127.0.0.1:49151";

/**
 * The base URL that the calls go to, or the list of them, and whether a server counts them there. The other origin is this same server by another name;
 * the browser asks for its permission (CORS) all the same. The playground has one server only, at an address within it.
 */
export function targetOf(where, { protocol, hostname, port, origin, playground }) {
  if (playground) return { baseUrl: playground, counted: true };
  if (where === "nowhere") return { baseUrl: `${protocol}//${nothing}`, counted: false };
  const name = hostname === "localhost" ? "127.0.0.1" : "localhost";
  const other = `${protocol}//${name}${port ? `:${port}` : ""}`;
  if (where === "three") return { baseUrl: [`${protocol}//${nothing}`, origin, other], counted: true };
  if (where === "other") return { baseUrl: other, counted: true };
  if (where === "fixed") return { baseUrl: `${other}/fixed-list`, counted: true };
  return { baseUrl: origin, counted: true };
}
