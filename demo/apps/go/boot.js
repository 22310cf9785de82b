// Starts app.wasm with Go's own loader, wasm_exec.js. A script of its own, because a Content-Security-Policy forbids inline ones.
const state = document.getElementById("state");
const go = new globalThis.Go();
try {
  const { instance } = await WebAssembly.instantiateStreaming(fetch("app.wasm"), go.importObject);
  go.run(instance).then(() => {
    state.textContent = "The program has ended. The console says why.";
  });
  state.textContent = "";
} catch (error) {
  state.textContent = `app.wasm could not be started: ${error}`;
}
