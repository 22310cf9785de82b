package driverscripts

import (
	"fmt"
	"slices"
	"strings"
)

// Seen is what the application and the server saw, for Differences to compare.
type Seen struct {
	Received        []string
	Code            int
	Message         string
	Explains        string // "": the driver has nobody to explain to
	Reason          string
	Attempts        []string
	Header, Trailer map[string][]string
	EndAt           int
	Accepted        []int
	Requests        []SeenRequest
}

// SeenRequest is what the server saw of an exchange.
type SeenRequest struct {
	At       int
	Messages []string
	Whole    bool
	Header   map[string][]string
}

// Differences compares what was seen with what is expected. It returns a line for each
// difference.
func (e Expect) Differences(s Seen) []string {
	var d differences
	d.list("received", s.Received, e.Received)
	d.value("code", s.Code, e.Code)
	if e.Message != nil {
		d.value("message", s.Message, *e.Message)
	}
	for _, part := range e.Says {
		if !strings.Contains(s.Message, part) {
			d.add("the message %q does not say %q", s.Message, part)
		}
	}
	d.value("reason", s.Reason, e.Reason)
	if e.Explains != "" && s.Explains != "" {
		d.value("explains", s.Explains, e.Explains)
	}
	d.list("attempts", s.Attempts, e.Attempts)
	d.fields("header", s.Header, e.Header)
	d.fields("trailer", s.Trailer, e.Trailer)
	if e.EndAt != nil {
		d.value("the end was seen at", s.EndAt, *e.EndAt)
	}
	if e.Accepted != nil && !slices.Equal(s.Accepted, e.Accepted) {
		d.add("messages were accepted at %v, want %v", s.Accepted, e.Accepted)
	}
	if e.Requests != nil {
		d.value("requests", len(s.Requests), len(e.Requests))
		for i := range min(len(s.Requests), len(e.Requests)) {
			d.request(i+1, s.Requests[i], e.Requests[i])
		}
	}
	return d
}

type differences []string

func (d *differences) add(format string, args ...any) { *d = append(*d, fmt.Sprintf(format, args...)) }

func (d *differences) value(what string, got, want any) {
	if got != want {
		d.add("%s: %v, want %v", what, got, want)
	}
}

func (d *differences) list(what string, got, want []string) {
	if !slices.Equal(got, want) {
		d.add("%s: %q, want %q", what, got, want)
	}
}

func (d *differences) fields(what string, got map[string][]string, want map[string]string) {
	for name, value := range want {
		d.list(what+" "+name, got[name], []string{value})
	}
}

func (d *differences) request(n int, got SeenRequest, want Request) {
	what := fmt.Sprintf("request %d", n)
	d.value(what+" at", got.At, want.At)
	if want.Messages != nil {
		d.list(what+"'s messages", got.Messages, want.Messages)
	}
	if want.Whole != nil {
		d.value(what+" was whole", got.Whole, *want.Whole)
	}
	for name, value := range want.Header {
		var values []string
		if value != nil {
			values = []string{*value}
		}
		d.list(what+"'s "+name, got.Header[name], values)
	}
}
