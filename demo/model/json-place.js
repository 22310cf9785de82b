// Where in a JSON text a path stands, so that a problem can be shown at the place it is about. Pure.

const literal = /[^\s,:[\]{}]+/y;
const space = /\s*/y;

/**
 * The place of a path ("methodConfig[0].retryPolicy.maxAttempts"): { from, to, line }, from 1. Where the text has no such thing, its
 * innermost holder; where the text is no JSON, as much as could be read.
 */
export function locate(text, path) {
  const places = placesOf(text);
  for (let wanted = path; ; wanted = holderOf(wanted)) {
    const place = places.get(wanted);
    if (place) return { ...place, line: text.slice(0, place.from).split("\n").length };
    if (wanted === "") return { from: 0, to: text.length, line: 1 };
  }
}

const holderOf = (path) => path.replace(/(\.|^)\w+$|\[\d+\]$/, "");

/** Path → { from, to } of a member with its name, or of an item. */
function placesOf(text) {
  const places = new Map();
  let at = 0;
  const match = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? "";
    at += found.length;
    return found;
  };
  const skip = () => match(space);
  const string = () => {
    const from = at++;
    while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    at++;
    return text.slice(from + 1, at - 1);
  };
  const value = (path, from) => {
    skip();
    const start = from ?? at;
    if (text[at] === "{") members(path);
    else if (text[at] === "[") items(path);
    else if (text[at] === '"') string();
    else match(literal);
    places.set(path, { from: start, to: at });
  };
  const members = (path) => {
    at++;
    for (skip(); at < text.length && text[at] !== "}"; skip()) {
      if (text[at] !== '"') return;
      const from = at;
      const name = string();
      skip();
      if (text[at] !== ":") return;
      at++;
      value(path ? `${path}.${name}` : name, from);
      skip();
      if (text[at] === ",") at++;
    }
    at++;
  };
  const items = (path) => {
    at++;
    skip();
    for (let n = 0; at < text.length && text[at] !== "]"; n++) {
      const before = at;
      value(`${path}[${n}]`);
      skip();
      if (text[at] === ",") at++;
      skip();
      if (at === before) return;
    }
    at++;
  };
  value("");
  return places;
}
