// Starts the page, and says what to do where its parts are not built: this file alone needs nothing that is.

import("./main.js").catch((error) => {
  console.error(error);
  const notice = document.querySelector("#notice");
  const [title, what, advice] = [document.createElement("h2"), document.createElement("p"), document.createElement("p")];
  title.textContent = "This page is not built yet";
  what.textContent = String(error?.message ?? error);
  advice.textContent = "Run make demo in the project’s folder: it builds everything and starts the server.";
  notice.replaceChildren(title, what, advice);
  notice.hidden = false;
});
