// Package house holds no code. Its tests keep the rules that the tree lives by: which package may import which, what the core
// may not use, where JavaScript and build tags may appear, and what the wasm program may not link. The rules are a drawing, in
// drawing_test.go; CONTRIBUTING.md says why they are as they are.
package house
