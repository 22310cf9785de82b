// The lines to add to the servers of docs/cors.md; a test compares them with that page.

import { allowedHeaders, exposedHeaders } from "../cors.js";

/** What a server's CORS configuration lacks. */
export type Part = "origin" | "credentials" | "allow" | "expose" | "maxAge";

export interface Wanted {
  readonly origin: string;
  /** Names of headers that the user's calls send, in lower case. */
  readonly headers: readonly string[];
}

interface Server {
  /** What --server calls it. */
  readonly name: string;
  readonly title: string;
  /** Where the lines belong. */
  readonly where: string;
  /** The line for each part; a part that needs none is absent. */
  lines(wanted: Wanted): Partial<Record<Part, string>>;
}

/** What the package connectrpc.com/cors lists by itself. */
const CONNECT_HAS = [
  "content-type",
  "grpc-timeout",
  "x-grpc-web",
  "x-user-agent",
  "grpc-status",
  "grpc-message",
  "grpc-status-details-bin",
];

const unlike = (names: readonly string[], others: readonly string[]) => names.filter((name) => !others.includes(name));
const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ");
const canonical = (name: string) => name.replace(/(^|-)[a-z]/g, (part) => part.toUpperCase());
const allowed = ({ headers }: Wanted) => [...allowedHeaders, ...unlike(headers, allowedHeaders)];

export const SERVERS: readonly Server[] = [
  {
    name: "envoy",
    title: "Envoy",
    where: "in the CorsPolicy of the virtual host",
    lines: (wanted) => ({
      origin: `allow_origin_string_match: [{ exact: ${wanted.origin} }]`,
      credentials: "allow_credentials: true",
      allow: `allow_headers: ${allowed(wanted).join(", ")}`,
      expose: `expose_headers: ${exposedHeaders.join(", ")}`,
      maxAge: 'max_age: "7200"',
    }),
  },
  {
    name: "nginx",
    title: "nginx",
    where: "in the location; what answers OPTIONS needs all but the expose line",
    lines: (wanted) => ({
      origin: `add_header Access-Control-Allow-Origin ${wanted.origin} always;`,
      credentials: "add_header Access-Control-Allow-Credentials true always;",
      allow: `add_header Access-Control-Allow-Headers "${allowed(wanted).join(", ")}" always;`,
      expose: `add_header Access-Control-Expose-Headers "${exposedHeaders.join(", ")}" always;`,
      maxAge: "add_header Access-Control-Max-Age 7200 always;",
    }),
  },
  {
    name: "improbable",
    title: "The improbable-eng wrapper",
    where: "an option of grpcweb.WrapServer",
    lines: (wanted) => ({
      origin: `grpcweb.WithOriginFunc(func(origin string) bool { return origin == "${wanted.origin}" }),`,
      allow: `grpcweb.WithAllowedRequestHeaders([]string{${quoted(allowed(wanted))}}),`,
    }),
  },
  {
    name: "connect-go",
    title: "connect-go",
    where: "a field of cors.Options",
    lines: (wanted) => ({
      origin: `AllowedOrigins: []string{"${wanted.origin}"},`,
      credentials: "AllowCredentials: true,",
      allow: `AllowedHeaders: append(connectcors.AllowedHeaders(), ${quoted(unlike(allowed(wanted), CONNECT_HAS).map(canonical))}),`,
      expose: `ExposedHeaders: append(connectcors.ExposedHeaders(), ${quoted(unlike(exposedHeaders, CONNECT_HAS).map(canonical))}),`,
      maxAge: "MaxAge: 7200,",
    }),
  },
  {
    name: "tonic",
    title: "tonic-web",
    where: "on the CorsLayer",
    lines: (wanted) => ({
      origin: `.allow_origin(HeaderValue::from_static("${wanted.origin}"))`,
      credentials: ".allow_credentials(true)",
      allow: `.allow_headers([${quoted(allowed(wanted))}].map(HeaderName::from_static))`,
      expose: `.expose_headers([${quoted(exposedHeaders)}].map(HeaderName::from_static))`,
      maxAge: ".max_age(Duration::from_secs(7200))",
    }),
  },
  {
    name: "aspnet",
    title: "ASP.NET Core",
    where: "on the policy of AddCors",
    lines: (wanted) => ({
      origin: `.WithOrigins("${wanted.origin}")`,
      credentials: ".AllowCredentials()",
      allow: `.WithHeaders(${quoted(allowed(wanted))})`,
      expose: `.WithExposedHeaders(${quoted(exposedHeaders)})`,
      maxAge: ".SetPreflightMaxAge(TimeSpan.FromHours(2))",
    }),
  },
  {
    name: "node",
    title: "Node",
    where: "an option of the package cors, with the lists of hedgerow/cors",
    lines: ({ origin, headers }) => ({
      origin: `origin: "${origin}",`,
      credentials: "credentials: true,",
      allow: `allowedHeaders: [${["...allowedHeaders", ...unlike(headers, allowedHeaders).map((name) => `"${name}"`)].join(", ")}],`,
      expose: "exposedHeaders: [...exposedHeaders],",
      maxAge: "maxAge: 7200,",
    }),
  },
];
