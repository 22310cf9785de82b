package jsbridge

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// policy is what is known about the page's Content-Security-Policy: the directives by the
// URLs that they forbade. A policy that is there stays for as long as the page, and the
// program, does.
var policy struct {
	once      sync.Once
	listens   bool // there is a page, or a worker
	mu        sync.Mutex
	forbidden map[string]string
}

// maxForbidden bounds what is remembered: other scripts of the page may ask for any
// number of URLs.
const maxForbidden = 100

// watchPolicy listens to what the policy forbids. A page reports that by an event, and
// rejects the fetch as if the network were lost. Node has no such policy.
func watchPolicy() {
	policy.once.Do(func() {
		policy.forbidden = map[string]string{}
		listen, err := safejs.Global().Get("addEventListener")
		if err != nil || listen.Type() != safejs.TypeFunction {
			return
		}
		heard, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
			noteForbidden(argument(args))
			return nil
		})
		if err == nil {
			_, err = safejs.Global().Call("addEventListener", "securitypolicyviolation", heard, true)
		}
		policy.listens = err == nil
	})
}

func noteForbidden(event safejs.Value) {
	policy.mu.Lock()
	defer policy.mu.Unlock()
	if text(event, "disposition") != "report" && len(policy.forbidden) < maxForbidden {
		policy.forbidden[text(event, "blockedURI")] = text(event, "effectiveDirective")
	}
}

// forbidden returns the failure of an exchange that the page's policy forbids, once the
// browser has had a turn to say so, and nil for any other.
func forbidden(ctx context.Context, url string) error {
	if !policy.listens {
		return nil
	}
	directive := directiveAgainst(url)
	if directive == "" {
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
		}
		directive = directiveAgainst(url)
	}
	if directive == "" {
		return nil
	}
	return &transport.Error{Forbidden: true, Err: errors.New(directive)}
}

// directiveAgainst finds the directive that forbids a URL, also by its WebSocket.
func directiveAgainst(url string) string {
	policy.mu.Lock()
	defer policy.mu.Unlock()
	if directive := policy.forbidden[url]; directive != "" {
		return directive
	}
	if rest, ok := strings.CutPrefix(url, "http"); ok {
		return policy.forbidden["ws"+rest]
	}
	return ""
}
