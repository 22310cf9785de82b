// What answers the calls: a server, with the HTTP version that the page came over and a link to its other port, or a service worker.

const names = { h2: "HTTP/2", "http/1.1": "HTTP/1.1" };

/** Says what a playground is, and what it lacks. */
export function showPlayground(text) {
  text.textContent =
    "Playground: real calls, but the server is a service worker in your browser. make demo has a real one, and three more stories.";
}

/** Fills the place for the text and the link; the link keeps the settings in the address. */
export async function showProtocol(text, link) {
  const [entry] = performance.getEntriesByType("navigation");
  text.textContent = `Real server: ${location.host} over ${names[entry?.nextHopProtocol] ?? "HTTP"}`;
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
