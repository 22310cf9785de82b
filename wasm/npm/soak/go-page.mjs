// The soak's part in a page whose program is in Go (interop/cmd/soak-wasm).
import { fakeFetch } from "./fake.mjs";
import { following, look, watchMemory } from "./watch.mjs";

const own = globalThis.fetch;
/** What Go makes of each js.Func, for as long as JavaScript keeps it. */
const funcs = following();
let go;
let plan;

globalThis.soak = {
  async begin(given) {
    plan = { baseUrl: "https://soak.test", ...given };
    if (plan.work === "fake") globalThis.fetch = await fakeFetch();
    go = new Go();
    const make = go._makeFuncWrapper;
    go._makeFuncWrapper = function (id) {
      return funcs.follow(make.call(this, id));
    };
    const { instance } = await WebAssembly.instantiateStreaming(own(plan.wasm), go.importObject);
    watchMemory(instance);
    void go.run(instance);
  },
  async step({ from, to }) {
    try {
      await goSoakStep(plan.baseUrl, plan.work, to - from);
      return {};
    } catch (error) {
      return { [error.message]: 1 };
    }
  },
  async look() {
    // Finalizers of Go give JavaScript's values back, after a collection of Go's; then JavaScript's collector takes them.
    for (let i = 0; i < 3; i++) {
      await goSoakLook("", "heap", 0);
      await look();
    }
    const { references, ...seen } = await look();
    const goHeap = await goSoakLook("", "heap", 0);
    const goroutines = await goSoakLook("", "goroutines", 0);
    return { ...seen, goHeap, goroutines, funcs: funcs.living(), values: go._values.length - go._idPool.length };
  },
};
