// The entry "hedgerow/integrity": the hash of this version's hedgerow.wasm, for who serves it elsewhere.

// build.mjs puts it here.
declare const HEDGEROW_INTEGRITY: string;

/** For the option `integrity`, and for lists of hashes that a deployment checks: "sha384-…" of dist/hedgerow.wasm. */
export const integrity: string = HEDGEROW_INTEGRITY;
