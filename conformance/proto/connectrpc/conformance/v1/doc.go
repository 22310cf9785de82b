// Package conformancev1 has the messages of connectconformance, the
// conformance suite of connectrpc.com.
package conformancev1
