// The command line of `npx hedgerow`.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { hedgerow } from "./command.js";

test("--help prints how it is used, and --version the package's version", async () => {
  for (const args of [["--help"], ["doctor", "-h"]]) {
    const { code, stdout, stderr } = await hedgerow(args);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^Usage: npx hedgerow doctor \[options\] URL\n/);
    assert.ok(
      stdout.split("\n").every((line) => line.length <= 80),
      "lines are at most 80 characters wide",
    );
  }
  const { version } = JSON.parse(await readFile(join(process.env["HEDGEROW_PACKAGE"] ?? ".", "package.json"), "utf8"));
  assert.deepEqual(await hedgerow(["--version"]), { code: 0, stdout: `${version}\n`, stderr: "" });
});

for (const [args, reason] of [
  [[], "no command: there is only doctor"],
  [["docter", "http://localhost"], "unknown command docter"],
  [["doctor"], "doctor needs the URL of a server"],
  [["doctor", "http://a.test", "http://b.test"], "doctor takes one URL, not also http://b.test"],
  [["doctor", "api.example.com"], "the URL must begin with https:// or http://, not api.example.com"],
  [["doctor", "ftp://api.example.com"], "the URL must begin with https:// or http://, not ftp://api.example.com"],
  [["doctor", "http://a.test/?x=1"], "the URL must have no query and no fragment: http://a.test/?x=1"],
  [["doctor", "http://a.test", "--origin", "app.test"], "--origin must begin with https:// or http://, not app.test"],
  [
    ["doctor", "http://a.test", "--origin", "https://app.test/page"],
    "--origin must be scheme, host and port, such as https://app.test, not https://app.test/page",
  ],
  [["doctor", "http://a.test", "--method", "Greeter"], "--method must be /pkg.Service/Method, not Greeter"],
  [["doctor", "http://a.test", "--header", "a b"], "--header must be a name, or name: value, not a b"],
  [["doctor", "http://a.test", "--timeout", "soon"], "--timeout must be a number of seconds up to 3600, not soon"],
  [
    ["doctor", "http://a.test", "--server", "apache"],
    "--server must be one of envoy, nginx, improbable, connect-go, tonic, aspnet, node, not apache",
  ],
] as const) {
  test(`exit status 2: ${args.join(" ")}`, async () => {
    const { code, stdout, stderr } = await hedgerow(args);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.equal(stderr, `hedgerow: ${reason}\nhedgerow doctor --help lists the options\n`);
  });
}

test("exit status 2: an unknown option", async () => {
  const { code, stderr } = await hedgerow(["doctor", "http://a.test", "--orgin", "https://app.test"]);
  assert.equal(code, 2);
  assert.match(stderr, /--orgin/);
});
