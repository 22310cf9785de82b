// Makes elements. They get attributes and no inline styles, which a page's Content-Security-Policy may forbid: what is computed is an SVG
// attribute, and what is chosen is a class or a data attribute that a stylesheet knows.

const SVG = "http://www.w3.org/2000/svg";

/** An attribute that is undefined or false is left out, and true makes an empty one. */
export interface Attributes {
  readonly [name: string]: string | number | boolean | undefined;
}

export type Child = Node | string | false | undefined;

export function html<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes?: Attributes,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(name), attributes, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes?: Attributes,
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill<E extends Element>(element: E, attributes: Attributes | undefined, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child !== undefined && child !== false) element.append(child);
  return element;
}

/** Sets an attribute only if it changes, because setting it costs the browser work even if it is the same. */
export function setAttribute(element: Element, name: string, value: string | number): void {
  const text = String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/** The size of a drawing, in pixels. */
export function size(root: SVGSVGElement, width: number, height: number): void {
  setAttribute(root, "width", width);
  setAttribute(root, "height", height);
  setAttribute(root, "viewBox", `0 0 ${width} ${height}`);
}
