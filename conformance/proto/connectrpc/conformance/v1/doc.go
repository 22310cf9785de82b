// Package conformancev1 holds the messages of connectconformance, the
// conformance suite of connectrpc.com.
package conformancev1
