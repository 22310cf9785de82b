// Makes channels of settings.

import { configTextOf } from "../model/policy.js";
import { targetOf } from "../model/target.js";

/** Beyond this a browser lets the timers of a hidden tab run out on full seconds only. */
const hiddenStepMs = 1000;

/** The page's clock, which can play a hidden tab. One for all channels, which then share one WebAssembly instance. */
export const clock = {
  hidden: false,
  now: () => performance.now(),
  setTimeout: (act, ms) => {
    if (!clock.hidden) return setTimeout(act, ms);
    const due = performance.now() + ms;
    return setTimeout(act, Math.ceil(due / hiddenStepMs) * hiddenStepMs - performance.now());
  },
  clearTimeout: (timer) => clearTimeout(timer),
};

/** A channel for these settings: a promise, rejected with a ConfigError where something is wrong with them. */
export function openChannel(hedgerow, settings, { fetch, onEvent } = {}) {
  const { baseUrl } = targetOf(settings.server.where, location);
  const { jitter, headerCommit, attemptHeader, ...numbers } = settings.channel;
  const given = Object.entries(numbers).filter(([, text]) => text.trim() !== "");
  return hedgerow.createChannel({
    baseUrl,
    serviceConfig: configTextOf(settings),
    jitter,
    headerCommit,
    attemptHeader,
    ...Object.fromEntries(given.map(([name, text]) => [name, Number(text)])),
    ...(settings.calls.kind === "bidi" ? { webSocket: true } : {}),
    maxReceiveMessageBytes: 8 << 20,
    clock,
    fetch,
    onEvent,
  });
}
