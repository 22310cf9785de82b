// The entry "hedgerow/inspector". Importing it defines the element <hedgerow-inspector>.
import { HedgerowInspector } from "./inspector/inspector-element.js";

export { type AttachOptions, HedgerowInspector } from "./inspector/inspector-element.js";

declare global {
  interface HTMLElementTagNameMap {
    "hedgerow-inspector": HedgerowInspector;
  }
}

// On a server there are no elements; and a page may load two copies of the package, of which the first defines the element.
if (typeof customElements === "object" && !customElements.get("hedgerow-inspector")) {
  customElements.define("hedgerow-inspector", HedgerowInspector);
}
