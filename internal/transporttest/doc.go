// Package transporttest holds only tests: one suite for every transport.RoundTripper,
// against the real demo server. Run natively, they use net/http with HTTP/1.1 and HTTP/2;
// compiled to js/wasm, the global fetch and WebSockets.
package transporttest
