package channel

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/internal/endpoints"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// Endpoint is one of the base URLs that a channel sends its calls to.
type Endpoint struct {
	BaseURL     string  // absolute, "http:" or "https:"
	CrossOrigin bool    // it is on another origin than the page
	Origin      *Origin // what is known of its origin; nil: nothing yet, and no other channel shares it
}

// At is the endpoint of this index. There are 1 + len(o.More).
func (o *Options) At(i int) *Endpoint {
	if i == 0 {
		return &o.Endpoint
	}
	return &o.More[i-1]
}

// AddURL adds a base URL to those that are known.
func (o *Options) AddURL(url string) {
	if o.BaseURL == "" {
		o.BaseURL = url
	} else {
		o.More = append(o.More, Endpoint{BaseURL: url})
	}
}

func (o *Options) validateEndpoints(report func(path, reason string)) {
	for i := range 1 + len(o.More) {
		path, url := "baseUrl", o.At(i).BaseURL
		if len(o.More) > 0 {
			path += "[" + text.Decimal(i) + "]"
		}
		reason := checkBaseURL(url)
		for j := range i {
			if trimmed(o.At(j).BaseURL) == trimmed(url) {
				reason = "is in the list already"
			}
		}
		if i == endpoints.Most {
			reason = "is one too many: a channel has at most 16"
		}
		if reason != "" {
			report(path, text.Quote(url)+" "+reason)
		}
	}
}

// trimmed is a base URL without slashes at its end. Inlined, it would add to the WebAssembly.
//
//go:noinline
func trimmed(url string) string { return strings.TrimRight(url, "/") }

// openEndpoints completes the endpoints of a channel that is being made.
func (ch *Channel) openEndpoints() {
	n := 1 + len(ch.options.More)
	urls := make([]string, n)
	for i := range urls {
		e := ch.Endpoint(i)
		e.BaseURL = trimmed(e.BaseURL)
		if e.Origin == nil {
			e.Origin = new(Origin)
		}
		urls[i] = e.BaseURL
		e.Origin.Answers = e.Origin.Answers || n > 1 // retries may be the first thing that is sent there
	}
	if n > 1 {
		ch.endpoints = endpoints.New(urls)
	}
}

// Endpoint is one of the channel's endpoints. Its URL has no slash at its end.
func (ch *Channel) Endpoint(i int) *Endpoint { return ch.options.At(i) }

// Endpoints is what is known of the channel's endpoints; nil if it has only one.
func (ch *Channel) Endpoints() *endpoints.Pool { return ch.endpoints }

// checkBaseURL says why methods cannot be appended to the URL.
func checkBaseURL(u string) string {
	rest, ok := strings.CutPrefix(u, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(u, "http://")
	}
	host, _, _ := text.Cut(rest, '/')
	switch {
	case !ok:
		return "must be an absolute URL that begins with https:// or http://"
	case host == "":
		return "has no host"
	case strings.IndexByte(rest, '?') >= 0 || strings.IndexByte(rest, '#') >= 0:
		return "must not have a query or a fragment, because the method's path is appended to it"
	case strings.IndexByte(host, '%') >= 0:
		return "must not have a percent sign in its host"
	case strings.IndexByte(host, '@') >= 0:
		return "must not contain a user name or password: send them as metadata"
	}
	for i := range len(u) {
		if u[i] <= ' ' || u[i] > '~' {
			return "contains a space or another character that must be percent-encoded"
		}
	}
	return ""
}
