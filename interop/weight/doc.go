// Package weight has programs for js/wasm that make the same two calls, one unary and one
// that streams, in all ways that there are in Go. What they weigh is in docs/go.md, where
// weigh.mjs writes it.
package weight
