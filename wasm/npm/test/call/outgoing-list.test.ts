// The list of a request's messages: what a long stream costs, and which messages the list keeps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Outgoing, PREFIX } from "../../src/call/outgoing.js";

const message = new Uint8Array(1);

test("a long stream is not walked through again for each of its messages", { timeout: 60_000 }, () => {
  const outgoing = new Outgoing();
  for (let n = 1; n <= 500_000; n++) {
    outgoing.add(message, false);
    outgoing.release(n);
  }
  assert.equal(outgoing.whole().length, 0);
});

test("what is released has left the list", () => {
  const outgoing = new Outgoing();
  for (let n = 0; n < 10; n++) outgoing.add(message, false);
  outgoing.release(7);
  outgoing.release(3);
  assert.equal(outgoing.whole().length, 3 * (PREFIX + 1));
  outgoing.release(Number.POSITIVE_INFINITY);
  assert.equal(outgoing.whole().length, 0);
  outgoing.add(message, false);
  outgoing.release(10);
  assert.equal(outgoing.whole().length, PREFIX + 1, "the message that came after what was released stays");
});

test("a stream goes on behind what was released", async () => {
  const outgoing = new Outgoing();
  for (let n = 0; n < 3; n++) outgoing.add(Uint8Array.of(n), false);
  const reader = outgoing.stream((taken) => outgoing.release(taken)).getReader();
  outgoing.end();
  const sent: (number | undefined)[] = [];
  for (let next = await reader.read(); !next.done; next = await reader.read()) sent.push(next.value[PREFIX]);
  assert.deepEqual(sent, [0, 1, 2]);
});
