// The server of the benchmarks: HTTP/2 over TLS, the pages' files as a good host would serve them (brotli), and answers in gRPC-Web that are
// made beforehand, so that it takes as little as possible of a machine that it shares with the browser.

import { execFile } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createSecureServer } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Serves files, by their paths: { type, body }, in brotli already; and bodies of calls, by the first part of the calls' paths. */
export async function serve(files, bodies) {
  const { cert, key } = await certificate();
  const sessions = new Set();
  const server = createSecureServer({ cert, key });
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {}); // a call that was canceled
    const path = headers[":path"];
    if (headers[":method"] === "POST") {
      const body = bodies[path.split("/")[1]];
      stream.resume();
      stream.once("end", () => {
        stream.respond({ ":status": body ? 200 : 404, "content-type": "application/grpc-web+proto" });
        stream.end(body);
      });
      return;
    }
    const file = files[path];
    if (!file) {
      stream.respond({ ":status": 404 }, { endStream: true });
      return;
    }
    stream.respond({ ":status": 200, "content-type": file.type, "content-encoding": "br", "content-length": file.body.length });
    stream.end(file.body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { publicKey } = new X509Certificate(cert);
  return {
    origin: `https://127.0.0.1:${server.address().port}`,
    spki: createHash("sha256")
      .update(publicKey.export({ type: "spki", format: "der" }))
      .digest("base64"),
    close() {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}

/** Go's distribution has a program that makes one. */
async function certificate() {
  const dir = await mkdtemp(join(tmpdir(), "hedgerow-bench-"));
  try {
    const { stdout } = await run("go", ["env", "GOROOT"]);
    const program = join(stdout.trim(), "src/crypto/tls/generate_cert.go");
    await run("go", ["run", program, "--host", "127.0.0.1", "--ecdsa-curve", "P256"], { cwd: dir });
    const [cert, key] = await Promise.all(["cert.pem", "key.pem"].map((name) => readFile(join(dir, name))));
    return { cert, key };
  } finally {
    await rm(dir, { recursive: true });
  }
}
