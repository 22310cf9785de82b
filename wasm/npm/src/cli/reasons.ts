// Why there is no call: in words that say what to do.

import type { Answer } from "./exchange.js";

const CODES: { readonly [code: string]: string } = {
  ECONNREFUSED: "nothing listens there. Check that the server is running, and the port",
  ENOTFOUND: "there is no such host. Check the name",
  EAI_AGAIN: "the host's name could not be looked up. Check the name and the network",
  ECONNRESET: "the connection was closed without an answer. Check the scheme: the port may speak TLS, or not",
  EPROTO: "the server does not speak TLS there. Check the scheme: http: or https:",
  ERR_SSL_WRONG_VERSION_NUMBER: "the server does not speak TLS there. Check the scheme: http: or https:",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "the server does not speak TLS there. Check the scheme: http: or https:",
};

/** Why no answer came. */
export function unreachable(error: unknown): string {
  const { code = "", message } = error as { readonly code?: string; readonly message: string };
  if (CODES[code]) return `${code}: ${CODES[code]}`;
  // What Node's parser says of the first bytes of HTTP/2.
  if (code.startsWith("HPE_"))
    return "the server answers, but not in HTTP/1.1. A gRPC server without gRPC-Web does so: browsers need one that speaks it, or a proxy before it";
  if (/CERT|SELF_SIGNED|SIGNATURE|ALTNAME/.test(code))
    return `${code}: browsers refuse this certificate too, unless they are told to trust it. --insecure passes over it`;
  return `${code ? `${code}: ` : ""}${message}`;
}

/** Why an answer is not one of gRPC-Web. */
export function notGrpcWeb({ status, headers }: Answer, named: boolean): string {
  const type = headers.get("content-type") ?? "none";
  if (status >= 300 && status < 400)
    return `a redirect (${status}) to ${headers.get("location") ?? "nowhere"}. Calls are not redirected: give the channel the address of the server itself, and let no login page stand before it`;
  if (status === 404)
    return `HTTP status 404: ${named ? "no such method is served at this address. Check its name, and the path of the URL" : "no gRPC-Web there, or a server that knows only its own methods, as connect-go does: name one of them with --method. Or the URL lacks a path"}`;
  if (status === 415 || /^application\/grpc(\+|$)/i.test(type))
    return `HTTP status ${status}, content-type ${type}: a gRPC server without gRPC-Web. It needs a layer that speaks it, or a proxy before it, such as Envoy's grpc_web filter`;
  if (status === 401 || status === 403)
    return `HTTP status ${status}, not a gRPC status: something before the server refuses the call. --header "authorization: …" passes a token`;
  if (status >= 502 && status <= 504) return `HTTP status ${status}: a proxy answers, and cannot reach the server behind it`;
  if (status === 200 && /^application\/grpc-web/i.test(type))
    return "a response of gRPC-Web without a grpc-status. Something on the way may remove headers, or cut the body";
  if (/^text\/html/i.test(type)) return `HTTP status ${status}, a web page: a web server, not a gRPC-Web server. Check the URL`;
  return `HTTP status ${status}, content-type ${type}: not a gRPC-Web server. Check the URL`;
}
