// Package transporttest holds no code. Its tests are one suite for every
// transport.RoundTripper, against the real demo server: run natively, over
// net/http with HTTP/1.1 and HTTP/2; compiled to js/wasm, over the global fetch.
package transporttest
