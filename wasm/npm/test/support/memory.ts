// How much memory the package's WebAssembly has. This must be imported before a channel is opened.
const memories: WebAssembly.Memory[] = [];

const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
    super(module, imports);
    for (const one of Object.values(this.exports)) if (one instanceof WebAssembly.Memory) memories.push(one);
  }
};

/** The size of all memories together, in bytes. */
export function memory(): number {
  return memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}
