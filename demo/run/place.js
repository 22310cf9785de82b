// Where the page is, and what its server is: a real one (make demo), or a service worker (make playground).

/** What model/target.js needs to know. */
export function place() {
  const { protocol, hostname, port, origin, href } = location;
  return { protocol, hostname, port, origin, playground: isPlayground() ? new URL("server", href).href : undefined };
}

/** Whether a service worker is the server. */
export const isPlayground = () => document.documentElement.dataset.server === "service-worker";

/** Starts the service worker, and resolves once it answers this page's requests. Rejects if this browser or this address has none. */
export async function startServer() {
  const { serviceWorker } = navigator;
  if (!serviceWorker) {
    throw new Error(
      "The server of this playground is a service worker, and the browser offers none here: open the page over HTTPS or from localhost, outside a private window.",
    );
  }
  const registration = await serviceWorker.register("server.js", { updateViaCache: "none" });
  const ready = await serviceWorker.ready;
  if (serviceWorker.controller) return;
  await new Promise((resolve) => {
    serviceWorker.addEventListener("controllerchange", resolve, { once: true });
    (registration.active ?? ready.active)?.postMessage({ claim: true });
  });
}

/** A fetch that also tells the service worker what the page aborts, because not every browser does. */
export function fetchFromServiceWorker(url, init) {
  init.signal?.addEventListener("abort", () => navigator.serviceWorker.controller?.postMessage({ abort: url }), { once: true });
  return fetch(url, init);
}
