// The entry "hedgerow/integrity": the hash of this version's hedgerow.wasm, for programs that serve it from elsewhere.

// build.mjs puts it here.
declare const HEDGEROW_INTEGRITY: string;

/** The hash of dist/hedgerow.wasm, "sha384-…": for the option `integrity`, and for deployments that check hashes. */
export const integrity: string = HEDGEROW_INTEGRITY;
