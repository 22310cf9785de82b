import assert from "node:assert/strict";
import { test } from "node:test";
import { targetOf } from "../../model/target.js";

test("another origin is this server by its other name", () => {
  const location = { protocol: "http:", hostname: "localhost", port: "8080", origin: "http://localhost:8080" };
  const at = (where) => targetOf(where, location).baseUrl;
  assert.deepEqual(["here", "other", "fixed", "nowhere"].map(at), [
    "http://localhost:8080",
    "http://127.0.0.1:8080",
    "http://127.0.0.1:8080/fixed-list",
    "http://127.0.0.1:49151",
  ]);
  assert.deepEqual(at("three"), ["http://127.0.0.1:49151", "http://localhost:8080", "http://127.0.0.1:8080"]);
  assert.equal(targetOf("nowhere", location).counted, false);
  assert.equal(targetOf("other", { ...location, hostname: "127.0.0.1" }).baseUrl, "http://localhost:8080");
});
