/** Runs a user's function. What it throws, or rejects with, is reported like any uncaught error. */
export function runSafely(act: () => unknown): void {
  try {
    const result = act();
    if (result !== undefined) Promise.resolve(result).then(undefined, report);
  } catch (error) {
    report(error);
  }
}

function report(error: unknown): void {
  try {
    if (typeof reportError === "function") reportError(error);
    else console.error("hedgerow: a callback threw", error); // Node has no reportError
  } catch {} // both may be the user's own, as where a test makes errors of what is logged
}
