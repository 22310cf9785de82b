// Makes elements. They get attributes and no inline styles, which the page's Content-Security-Policy forbids: what is computed is an SVG
// attribute, and what is chosen is a class or a data attribute that a stylesheet knows.

const svgNamespace = "http://www.w3.org/2000/svg";

/** An HTML element. An attribute that is undefined or false is left out, and true makes an empty one. */
export function html(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** An SVG element. */
export function svg(name, attributes, ...children) {
  return fill(document.createElementNS(svgNamespace, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}
