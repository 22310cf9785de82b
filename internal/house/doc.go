// Package house holds only tests, which check the rules for the whole repository: which package may import which, what the core
// may not use, where JavaScript and build tags may appear, what the wasm program may not link, that public packages have examples,
// and that what is cited exists. The imports are drawn in drawing_test.go; CONTRIBUTING.md explains the rules.
package house
