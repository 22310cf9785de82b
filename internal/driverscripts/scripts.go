// Package driverscripts holds the scripts that both drivers run: what a server and
// an application do, at exact instants of a virtual clock, and what the application
// must then see. They are data, in scripts.json, so that the Go driver and the npm
// package, in whatever language their tests are written, are held to the same words.
//
// A script with problems makes a channel that is refused; every other one makes one
// call. The n-th exchange of the call meets the n-th entry of server, and all later
// ones the last. Draws of the jitter are 0.5.
package driverscripts

import (
	"bytes"
	_ "embed"
	"encoding/json"
)

//go:embed scripts.json
var data []byte

// Load reads all scripts.
func Load() ([]Script, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var all []Script
	err := d.Decode(&all)
	return all, err
}

// Script is one call, or one channel that cannot be made.
type Script struct {
	Name     string
	Options  map[string]json.RawMessage // of the channel, by their TypeScript names
	Policy   string                     // of all methods: "retry", "hedge", or "" for none
	Problems []string                   // the paths of what NewChannel and createChannel refuse

	Call      string // "unary", which sends "ping", or "stream"
	TimeoutMs int    // of the call; 0: none
	Streams   bool   // the transport sends messages as they come
	Before    string // what is done before the call: "cancel", "closeChannel", or "" for nothing
	Prepare   []Prepare
	Server    []Exchange
	Steps     []Step
	Expect    Expect
}

// The configs behind the names of Policy. The backoffs of the first are 500 ms and
// 1000 ms, with draws of 0.5.
const (
	RetryConfig = `{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 3, "initialBackoff": "1s", "maxBackoff": "5s",
		"backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"]}}]}`
	HedgeConfig = `{"methodConfig": [{"name": [{}], "hedgingPolicy": {"maxAttempts": 2, "hedgingDelay": "0.1s", "nonFatalStatusCodes": ["UNAVAILABLE"]}}]}`
)

// Prepare is what the function for per-attempt metadata does for the n-th attempt.
type Prepare struct {
	After    int               // milliseconds that it takes
	Metadata map[string]string // what it gives
	Error    string            // what it fails with, if that is an error
	Status   *Status           // what it fails with, if that is a status
}

// Status is a status with which the function for per-attempt metadata fails.
type Status struct {
	Code    int
	Message string
	Trailer map[string]string
}

// Exchange is what the server does in one exchange. It takes so many messages of the
// request (absent: all of them), waits, and sends a head or fails; then the body.
type Exchange struct {
	Take   *int
	After  int    // milliseconds
	Fail   string // in place of a head: "network", or "abort" for something other than the client
	HTTP   int    // 0: 200
	Header map[string]string
	Body   []Part
	Text   bool // the response is base64
	Cut    int  // the body comes in chunks of so many bytes; 0: each part is a chunk
}

// Part is a part of a response's body.
type Part struct {
	After       int             // milliseconds
	Take        json.RawMessage // messages of the request that are taken before: a number, or "rest"
	Message     *string
	Messages    []string
	Gzip        *string // a message that is compressed
	Trailer     map[string]string
	GzipTrailer map[string]string
	Hex         string // bytes as they are
	Fail        string
}

// Step is what the application does at an instant.
type Step struct {
	At           int
	Send         *string
	HalfClose    bool
	Read         json.RawMessage // so many messages, one after another, or "all" up to the end
	Cancel       bool
	Leave        bool // closes the stream
	CloseChannel bool
}

// Expect is what the application and the server see.
type Expect struct {
	Received []string
	Code     int
	Message  *string  // the status message, exactly
	Says     []string // parts of it
	Reason   string
	Attempts []string // each: kind, outcome, and the status code where it is known
	Header   map[string]string
	Trailer  map[string]string
	EndAt    *int  // when the application sees the end
	Accepted []int // when each message that is sent need not be waited for any more
	Requests []Request
}

// Request is what the server sees of an exchange.
type Request struct {
	At       int
	Messages []string
	Whole    *bool              // it came to its end
	Header   map[string]*string // null: there is no such field
}
