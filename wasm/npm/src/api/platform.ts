// The platform's types that the package's own types mention, looked up where they are. Programs without the DOM library compile too: the
// types of Node, or of an edge platform, have nearly all of them. Where one is missing, a stand-in that takes anything is in its place.

type Global = typeof globalThis;

/** What a global class makes. */
type Instance<Name extends string> = Global extends { readonly [N in Name]: { readonly prototype: infer T } } ? T : object;

export type AbortSignalType = Instance<"AbortSignal">;
export type HeadersType = Instance<"Headers">;
export type ResponseType = Instance<"Response">;
export type UrlType = Instance<"URL">;

/** A WebAssembly.Module. */
export type ModuleType = Global extends { readonly WebAssembly: { readonly Module: { readonly prototype: infer M } } }
  ? M
  : object;

/** The class WebSocket, or one that stands in for it. */
export type WebSocketType = Global extends { readonly WebSocket: infer W } ? W : new (url: string, protocol?: string) => object;

/** The type of globalThis.fetch. */
export type FetchType = Global extends { readonly fetch: infer F } ? F : (input: string, init?: object) => Promise<object>;

/** What fetch takes beside the address. */
export type RequestInitType = Global extends { readonly fetch: (input: never, init?: infer I) => unknown }
  ? NonNullable<I>
  : object;

/** What Headers are made of. */
export type HeadersInitType = Global extends { readonly Headers: new (init?: infer I) => unknown } ? NonNullable<I> : object;
