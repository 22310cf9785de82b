// Package driverscripts holds the scripts that both drivers run: what a server and an
// application do, at exact instants of a virtual clock, and what the application must
// then see. They are data, in scripts.json, so that tests in Go and in TypeScript run
// the same ones.
//
// A script with problems makes a channel that is refused; every other script makes one
// call. The n-th exchange of the call gets the n-th entry of server; if there are more
// exchanges than entries, the rest get the last entry. Random numbers are always 0.5.
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
	Options  map[string]json.RawMessage // the channel's options, under their TypeScript names
	Policy   string                     // the policy of all methods: "retry", "hedge", or "" for none
	Problems []string                   // the paths of the problems that NewChannel and createChannel report

	Call      string // "unary", which sends "ping", or "stream"
	TimeoutMs int    // the call's timeout; 0: none
	Streams   bool   // the transport sends messages as they come
	Before    string // what happens before the call: "cancel", "closeChannel", or "" for nothing
	Prepare   []Prepare
	Refresh   []Refresh // absent: credentials are not refreshed
	Server    []Exchange
	Steps     []Step
	Expect    Expect
}

// The service configs for the values of Policy. With random numbers of 0.5, the backoffs
// of RetryConfig are 500 ms and 1000 ms.
const (
	RetryConfig = `{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 3, "initialBackoff": "1s", "maxBackoff": "5s",
		"backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"]}}]}`
	HedgeConfig = `{"methodConfig": [{"name": [{}], "hedgingPolicy": {"maxAttempts": 2, "hedgingDelay": "0.1s", "nonFatalStatusCodes": ["UNAVAILABLE"]}}]}`
)

// Prepare is what the function for per-attempt metadata does for the n-th attempt.
type Prepare struct {
	After    int               // how many milliseconds it takes
	Metadata map[string]string // what it returns
	Error    string            // the message of the error that it fails with
	Status   *Status           // the status that it fails with
}

// Refresh is what the function that refreshes credentials does when it runs for the n-th
// time.
type Refresh struct {
	After int    // how many milliseconds it takes
	Error string // the message of the error that it fails with
}

// Status is a status with which the function for per-attempt metadata fails.
type Status struct {
	Code    int
	Message string
	Trailer map[string]string
}

// Exchange is what the server does in one exchange. It takes messages of the request,
// waits, and sends a head or fails. After the head it sends the body.
type Exchange struct {
	Take   *int   // how many messages it takes; absent: all
	After  int    // how many milliseconds it waits
	Fail   string // how it fails instead of sending a head: "network", or "abort" if something other than the client ends the exchange
	HTTP   int    // 0: 200
	Header map[string]string
	Body   []Part
	Text   bool // the response is base64
	Cut    int  // the size of the body's chunks in bytes; 0: each part is a chunk
}

// Part is a part of a response's body.
type Part struct {
	After       int             // how many milliseconds the server waits before it
	Take        json.RawMessage // how many messages of the request the server takes before it: a number, or "rest"
	Message     *string
	Messages    []string
	Gzip        *string // a message that is compressed
	Trailer     map[string]string
	GzipTrailer map[string]string
	Hex         string // any bytes
	Fail        string // the body fails with this
}

// Step is what the application does at an instant.
type Step struct {
	At           int
	Send         *string
	HalfClose    bool
	Read         json.RawMessage // how many messages it reads, one after another, or "all" up to the end
	Cancel       bool
	Leave        bool // it closes the stream
	CloseChannel bool
}

// Expect is what the application and the server see.
type Expect struct {
	Received []string
	Code     int
	Message  *string  // the status message, exactly
	Says     []string // parts of it
	Reason   string
	Explains string   // what the status explains, exactly; "": that is not compared
	Attempts []string // the kind of each attempt, its outcome, and its status code if that is known
	Header   map[string]string
	Trailer  map[string]string
	EndAt    *int  // when the application sees the end
	Accepted []int // for each message sent, when the application need not wait for it any longer
	Requests []Request
}

// Request is what the server sees of an exchange.
type Request struct {
	At       int
	Messages []string
	Whole    *bool              // the server saw the end of the request
	Header   map[string]*string // null: the request has no such field
}
