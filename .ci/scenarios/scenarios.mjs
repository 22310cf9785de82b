// Finds out which tests cover which of the scenarios in scenarios.md.

/**
 * The scenarios in the text of scenarios.md by their numbers, in order: the first words of each, without the word Given, with which all
 * begin, and without the sources at the end.
 */
export function scenariosOf(document) {
  const scenarios = new Map();
  for (const [, number, text] of document.matchAll(/^(\d+)\. (.+)$/gm)) {
    if (Number(number) !== scenarios.size + 1) throw new Error(`scenarios.md: ${number} does not follow ${scenarios.size}`);
    scenarios.set(Number(number), shortened(text.replace(/^Given /, "").replace(/ \([^()]*\)\.?$/, "")));
  }
  if (scenarios.size === 0) throw new Error("scenarios.md holds no scenarios");
  return scenarios;
}

function shortened(text) {
  return text.length <= 80 ? text.replace(/\.$/, "") : `${text.slice(0, 80).replace(/[,;:]?\s\S*$/, "")} …`;
}

/**
 * The scenarios that a test covers. Its name begins with their numbers, with a space (in Go an underscore) after each. All numbers but the
 * first have at least two digits, and they go up. So in "72_10_s" and "03_3_capped_at_10" the second number belongs to the words.
 */
export function numbersOf(name, last) {
  const [, first, more] = /^(\d{1,3})((?:[ _]\d{2,3}(?=[ _]))*)[ _]/.exec(name) ?? [];
  const numbers = [];
  if (first === undefined) return numbers;
  for (const digits of [first, ...(more.match(/\d+/g) ?? [])]) {
    const number = Number(digits);
    if (number > last || number <= (numbers.at(-1) ?? 0)) break;
    numbers.push(number);
  }
  return numbers;
}

/**
 * The tests that carry a number. Of each path it is the outermost test with a number, because the tests inside it are its parts. A carrier
 * has an outcome for each runtime in which it ran.
 */
export function carriersOf(resultsByRuntime, last) {
  const carriers = new Map();
  for (const [runtime, { tests }] of resultsByRuntime) {
    for (const test of tests.filter(isLeafOf(tests))) {
      const depth = test.path.findIndex((name) => numbersOf(name, last).length > 0);
      if (depth < 0) continue;
      const path = test.path.slice(0, depth + 1);
      const key = JSON.stringify([test.where, path]);
      const carrier = carriers.get(key) ?? { where: test.where, path, numbers: numbersOf(path[depth], last), outcomes: {} };
      carrier.outcomes[runtime] = worst(carrier.outcomes[runtime], test.outcome);
      carriers.set(key, carrier);
    }
  }
  return [...carriers.values()];
}

/** Whether a test has no subtests, or failed. One with subtests passes even if all of them were skipped, so only theirs count. */
function isLeafOf(tests) {
  const key = (where, path) => JSON.stringify([where, path]);
  const parents = new Set(tests.filter(({ path }) => path.length > 1).map(({ where, path }) => key(where, path.slice(0, -1))));
  return ({ where, path, outcome }) => outcome === "fail" || !parents.has(key(where, path));
}

/** The worse of two outcomes: a failure if there is one, else a pass. A test is skipped only if it was skipped everywhere. */
export function worst(one, other) {
  return ["fail", "pass", "skip"].find((outcome) => outcome === one || outcome === other);
}
