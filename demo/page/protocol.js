// Which HTTP version the page came over, and a link to the server's other port, which speaks the other one.

const names = { h2: "HTTP/2", "http/1.1": "HTTP/1.1" };

/** Fills the place for the text and the link; the link keeps the settings in the address. */
export async function showProtocol(text, link) {
  const [entry] = performance.getEntriesByType("navigation");
  text.textContent = `${location.host} over ${names[entry?.nextHopProtocol] ?? "HTTP"}`;
  const ports = await (await fetch("ports.json")).json();
  const [scheme, port, name] =
    location.protocol === "https:" ? ["http:", ports.http, names["http/1.1"]] : ["https:", ports.https, names.h2];
  if (!port) return;
  link.textContent = `Switch to ${name}`;
  link.hidden = false;
  link.href = `${scheme}//${location.hostname}:${port}/`;
  link.addEventListener("click", () => {
    link.href = `${scheme}//${location.hostname}:${port}/${location.hash}`;
  });
}
