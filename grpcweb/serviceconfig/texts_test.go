package serviceconfig

import (
	"errors"
	"strings"
	"testing"
)

// withRetry is a config whose one retry policy has the given fields in place of good ones.
func withRetry(fields string) string {
	return `{"methodConfig": [{"retryPolicy": ` + retryJSON(fields) + `}]}`
}

func retryJSON(fields string) string {
	good := []string{`"maxAttempts": 3`, `"initialBackoff": "1s"`, `"maxBackoff": "5s"`, `"backoffMultiplier": 1.5`, `"retryableStatusCodes": [14]`}
	return withFields(good, fields)
}

func withHedging(fields string) string {
	return `{"methodConfig": [{"hedgingPolicy": ` + withFields([]string{`"maxAttempts": 3`}, fields) + `}]}`
}

func withThrottling(fields string) string {
	return `{"retryThrottling": ` + withFields([]string{`"maxTokens": 10`, `"tokenRatio": 0.1`}, fields) + `}`
}

// withFields puts fields into an object of good ones. A field replaces the good
// one of its name; "-name" leaves it out.
func withFields(good []string, fields string) string {
	var kept []string
	for _, g := range good {
		key, _, _ := strings.Cut(g, ":")
		if !strings.Contains(fields, key) && fields != "-"+strings.Trim(key, `"`) {
			kept = append(kept, g)
		}
	}
	if fields != "" && fields[0] != '-' {
		kept = append(kept, fields)
	}
	return "{" + strings.Join(kept, ", ") + "}"
}

func mustParse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse(text)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return c
}

func problemsOf(t *testing.T, err error) []Problem {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || len(e.Problems) == 0 {
		t.Fatalf("got %v, want an *Error with problems", err)
	}
	return e.Problems
}

// refused expects exactly one problem, at the path and with these words in its reason.
func refused(t *testing.T, text, path string, words ...string) {
	t.Helper()
	c, err := Parse(text)
	if err == nil {
		t.Fatalf("%s is accepted", text)
	}
	problems := problemsOf(t, err)
	if c != nil || len(problems) != 1 || problems[0].Path != path {
		t.Errorf("%s\ngot  %v\nwant one problem at %q", text, err, path)
	}
	for _, w := range words {
		if !strings.Contains(problems[0].Reason, w) {
			t.Errorf("%s\nthe reason %q lacks %q", text, problems[0].Reason, w)
		}
	}
}
