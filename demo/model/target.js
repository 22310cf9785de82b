// Where the calls go. Pure.

/** A port that no service is registered for. */
const nobody = "127.0.0.1:49151";

/**
 * Where the calls go, and whether the server counts them there. Another origin is this server by another name: a browser asks it
 * for leave (CORS) all the same.
 */
export function targetOf(where, { protocol, hostname, port, origin }) {
  if (where === "nowhere") return { baseUrl: `${protocol}//${nobody}`, counted: false };
  const name = hostname === "localhost" ? "127.0.0.1" : "localhost";
  const other = `${protocol}//${name}${port ? `:${port}` : ""}`;
  if (where === "other") return { baseUrl: other, counted: true };
  if (where === "fixed") return { baseUrl: `${other}/fixed-list`, counted: true };
  return { baseUrl: origin, counted: true };
}
