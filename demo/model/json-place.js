// Where a path is in a JSON text, so that a problem can be shown at the place that it is about. Pure.

const literal = /[^\s,:[\]{}]+/y;
const space = /\s*/y;

/**
 * The place of a path ("methodConfig[0].retryPolicy.maxAttempts"): { from, to, line }, with lines counted from 1. If the text lacks
 * it, the place of the innermost object or list that would contain it. Text that is not JSON is read as far as possible.
 */
export function placeOf(text, path) {
  const places = new PlaceReader(text).read();
  for (let wanted = path; ; wanted = parentOf(wanted)) {
    const place = places.get(wanted);
    if (place) return { ...place, line: text.slice(0, place.from).split("\n").length };
    if (wanted === "") return { from: 0, to: text.length, line: 1 };
  }
}

const parentOf = (path) => path.replace(/(\.|^)\w+$|\[\d+\]$/, "");

/** Reads a text from its beginning and notes where each value is. */
class PlaceReader {
  #text;
  #at = 0;
  #places = new Map();

  constructor(text) {
    this.#text = text;
  }

  /** A map from each path to { from, to }: of a member together with its name, or of an item. */
  read() {
    this.#value("");
    return this.#places;
  }

  #value(path, from) {
    this.#match(space);
    const start = from ?? this.#at;
    if (this.#next() === "{") this.#members(path);
    else if (this.#next() === "[") this.#items(path);
    else if (this.#next() === '"') this.#string();
    else this.#match(literal);
    this.#places.set(path, { from: start, to: this.#at });
  }

  #members(path) {
    this.#at++;
    for (this.#match(space); this.#more() && this.#next() !== "}"; this.#match(space)) {
      if (this.#next() !== '"') return;
      const from = this.#at;
      const name = this.#string();
      this.#match(space);
      if (this.#next() !== ":") return;
      this.#at++;
      this.#value(path ? `${path}.${name}` : name, from);
      this.#comma();
    }
    this.#at++;
  }

  #items(path) {
    this.#at++;
    this.#match(space);
    for (let n = 0; this.#more() && this.#next() !== "]"; n++) {
      const before = this.#at;
      this.#value(`${path}[${n}]`);
      this.#comma();
      this.#match(space);
      if (this.#at === before) return; // nothing that JSON allows here
    }
    this.#at++;
  }

  #string() {
    const from = this.#at++;
    while (this.#more() && this.#next() !== '"') this.#at += this.#next() === "\\" ? 2 : 1;
    this.#at++;
    return this.#text.slice(from + 1, this.#at - 1);
  }

  #comma() {
    this.#match(space);
    if (this.#next() === ",") this.#at++;
  }

  #match(pattern) {
    pattern.lastIndex = this.#at;
    this.#at += pattern.exec(this.#text)?.[0].length ?? 0;
  }

  #more() {
    return this.#at < this.#text.length;
  }

  #next() {
    return this.#text[this.#at];
  }
}
