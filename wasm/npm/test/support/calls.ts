// What nearly all tests of calls share: a channel over a fake fetch, policies, and how a call is waited for.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import {
  type Channel,
  type ChannelOptions,
  createChannel,
  type HedgingPolicy,
  type RetryPolicy,
  type ServiceConfig,
  StatusError,
} from "hedgerow";
import type { FakeFetch } from "./fake-fetch.js";

export const METHOD = "/pkg.Service/Method";
export const MESSAGE: Uint8Array = Uint8Array.of(1, 2, 3);
/** A channel over the fake, which is closed when the test ends. */
export async function open(t: TestContext, fake: FakeFetch, options: Partial<ChannelOptions> = {}): Promise<Channel> {
  const channel = await createChannel({ baseUrl: "https://api.test/grpc", fetch: fake.fetch, ...options });
  t.after(() => channel.close());
  return channel;
}

/** A service config that retries UNAVAILABLE, by default with a backoff that is next to nothing. */
export function retrying(policy: Partial<RetryPolicy> = {}, more: Partial<ServiceConfig> = {}): ServiceConfig {
  const retryPolicy = {
    maxAttempts: 4,
    initialBackoff: "0.000001s",
    maxBackoff: "0.000001s",
    backoffMultiplier: 1,
    retryableStatusCodes: ["UNAVAILABLE"],
    ...policy,
  };
  return { methodConfig: [{ name: [{}], retryPolicy }], ...more };
}

export function hedging(policy: Partial<HedgingPolicy> = {}): ServiceConfig {
  const hedgingPolicy = { maxAttempts: 3, nonFatalStatusCodes: ["UNAVAILABLE"], ...policy };
  return { methodConfig: [{ name: [{}], hedgingPolicy }] };
}

/** The StatusError that a call rejects with. */
export async function refused(call: Promise<unknown>): Promise<StatusError> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  assert.ok("error" in outcome, "the call was expected to fail");
  assert.ok(outcome.error instanceof StatusError, `expected a StatusError, not ${String(outcome.error)}`);
  return outcome.error;
}

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const messages: Uint8Array[] = [];
  for await (const message of stream) messages.push(message);
  return messages;
}

const realImmediate = setImmediate;

/** Lets everything run that is only waiting for its turn in the event loop. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => realImmediate(resolve));
}
