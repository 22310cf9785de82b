// The values of the policy form, which are texts, and the service config that they stand for, in both directions. Pure. The package
// judges the values: text that is not a number goes into the config as it is, and the package says what is wrong with it.

const service = "hedgerow.chaos.v1.Chaos";

/** The values that the form starts with. Durations are in seconds, as a service config writes them. */
export const defaults = Object.freeze({
  policy: "retry",
  timeout: "",
  waitForReady: false,
  retry: {
    maxAttempts: "4",
    initialBackoff: "0.2",
    maxBackoff: "2",
    backoffMultiplier: "2",
    retryableStatusCodes: ["UNAVAILABLE"],
  },
  hedging: { maxAttempts: "3", hedgingDelay: "0.15", nonFatalStatusCodes: ["UNAVAILABLE"] },
  throttling: { on: false, maxTokens: "10", tokenRatio: "0.1" },
});

/** The service config that the values of the form stand for. An empty field is left out. */
export function configOf({ policy, timeout, waitForReady, retry, hedging, throttling }) {
  const method = { name: [{ service }] };
  if (timeout.trim()) method.timeout = duration(timeout);
  if (waitForReady) method.waitForReady = true;
  if (policy === "retry") {
    method.retryPolicy = present({
      maxAttempts: number(retry.maxAttempts),
      initialBackoff: duration(retry.initialBackoff),
      maxBackoff: duration(retry.maxBackoff),
      backoffMultiplier: number(retry.backoffMultiplier),
      retryableStatusCodes: retry.retryableStatusCodes,
    });
  }
  if (policy === "hedging") {
    method.hedgingPolicy = present({
      maxAttempts: number(hedging.maxAttempts),
      hedgingDelay: duration(hedging.hedgingDelay),
      nonFatalStatusCodes: hedging.nonFatalStatusCodes,
    });
  }
  const config = { methodConfig: [method] };
  if (throttling.on) {
    config.retryThrottling = present({ maxTokens: number(throttling.maxTokens), tokenRatio: number(throttling.tokenRatio) });
  }
  return config;
}

function present(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

function number(text) {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  return Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}

/** Writes "0.2" as "0.2s". Text that is not a plain number stays as it is, so that "5m" is refused as "5m". */
function duration(text) {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  return /^-?[\d.]+$/.test(trimmed) ? `${trimmed}s` : trimmed;
}

/** JSON as people write it, with lists of plain values on one line. */
export function textOf(config) {
  return JSON.stringify(config, undefined, 2).replace(
    /\[\s+([^[\]{}]*?)\s+\]/g,
    (_, items) => `[${items.replace(/\s*\n\s*/g, " ")}]`,
  );
}

/** The service config of these settings, as JSON text. */
export const configTextOf = ({ config, policy }) => config || textOf(configOf(policy));

/**
 * The values that stand for this config, or undefined if the form cannot express it. `values` supplies what the config leaves open:
 * the settings of the policies that it does not use.
 */
export function valuesOf(config, values) {
  const read = readConfig(config, values);
  // If reading overlooked anything, it shows here: the form can stand for the text only if it would write the same text.
  return read && sameJSON(configOf(read), config) ? read : undefined;
}

function readConfig(config, values) {
  const method = config?.methodConfig?.[0];
  if (typeof method !== "object" || method === null) return undefined;
  const { retryPolicy, hedgingPolicy, timeout, waitForReady } = method;
  const { retryThrottling } = config;
  return {
    policy: retryPolicy ? "retry" : hedgingPolicy ? "hedging" : "none",
    timeout: seconds(timeout),
    waitForReady: waitForReady === true,
    retry: retryPolicy ? texts(retryPolicy, values.retry) : values.retry,
    hedging: hedgingPolicy ? texts(hedgingPolicy, values.hedging) : values.hedging,
    throttling: retryThrottling
      ? { on: true, ...texts(retryThrottling, { maxTokens: "", tokenRatio: "" }) }
      : { ...values.throttling, on: false },
  };
}

function texts(object, shape) {
  return Object.fromEntries(
    Object.entries(shape).map(([name, value]) => [name, Array.isArray(value) ? list(object[name]) : seconds(object[name])]),
  );
}

function list(value) {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function seconds(value) {
  if (value === undefined) return "";
  return String(value).replace(/^(-?[\d.]+)s$/, "$1");
}

function sameJSON(a, b) {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && sameJSON(a[name], b[name]));
}

const fields = [
  [/^methodConfig\[0\]\.timeout$/, () => "timeout"],
  [/^methodConfig\[0\]\.(retry|hedging)Policy\.(\w+)(\[\d+\])?$/, ([, policy, name]) => `${policy}.${name}`],
  [/^retryThrottling\.(\w+)$/, ([, name]) => `throttling.${name}`],
];

/** The name of the form's field that a problem's path is about, or undefined if only the JSON can show it. */
export function fieldOf(path) {
  for (const [pattern, name] of fields) {
    const match = pattern.exec(path);
    if (match) return name(match);
  }
  return undefined;
}
