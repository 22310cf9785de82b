// Opens channels with the settings of the page.

import { configTextOf } from "../model/policy.js";
import { targetOf } from "../model/target.js";
import { place } from "./place.js";

/** Browsers let the timers of a background tab fire on full seconds only. */
const backgroundStepMs = 1000;

/** The clock of the page, which can simulate a background tab. All channels have the same one, so that they share one WebAssembly instance. */
export const clock = {
  background: false,
  now: () => performance.now(),
  setTimeout: (act, ms) => {
    if (!clock.background) return setTimeout(act, ms);
    const due = performance.now() + ms;
    return setTimeout(act, Math.ceil(due / backgroundStepMs) * backgroundStepMs - performance.now());
  },
  clearTimeout: (timer) => clearTimeout(timer),
};

/** Stands in for a call that gets a new token. */
const refresh = () => new Promise((resolve) => clock.setTimeout(resolve, 300));

/** A channel for these settings: a promise that rejects with a ConfigError if anything is wrong with them. */
export function openChannel(hedgerow, settings, { fetch, onEvent } = {}) {
  const { baseUrl } = targetOf(settings.server.where, place());
  const { jitter, headerCommit, attemptHeader, credentialsRefresh, ...numbers } = settings.channel;
  const given = Object.entries(numbers).filter(([, text]) => text.trim() !== "");
  return hedgerow.createChannel({
    baseUrl,
    serviceConfig: configTextOf(settings),
    jitter,
    headerCommit,
    attemptHeader,
    ...(credentialsRefresh === "on" ? { credentialsRefresh: { refresh } } : {}),
    ...Object.fromEntries(given.map(([name, text]) => [name, Number(text)])),
    ...(settings.calls.kind === "bidi" ? { webSocket: true } : {}),
    maxReceiveMessageBytes: 8 << 20,
    clock,
    fetch,
    onEvent,
  });
}
