package grpcweb_test

import (
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

func TestConfigErrorTexts(t *testing.T) {
	_, err := grpcweb.NewChannel(fake.New(), "https://")
	if text := err.Error(); text != `the channel's options are not valid: baseUrl: "https://" has no host` {
		t.Errorf("%q", text)
	}
	_, err = grpcweb.NewChannel(fake.New(), "https://", grpcweb.WithServiceConfigJSON(`{"methodConfig":[{"name":[{}],"timeout":"-1s"},{"name":[{}]}]}`))
	if text := err.Error(); strings.Count(text, "\n  ") != 3 || !strings.Contains(text, "\n  methodConfig[0].timeout: ") {
		t.Errorf("%q", text)
	}
}

// A value of an option that does not exist is refused, not taken for the default.
func TestUnknownChoices(t *testing.T) {
	for want, o := range map[string]grpcweb.Option{
		`jitter: must be "full" or "plusMinus20"`:                               grpcweb.WithJitter(7),
		`headerCommit: must be "strict" or "firstFrame"`:                        grpcweb.WithHeaderCommit(2),
		`attemptHeader: must be "auto" or "always" or "never"`:                  grpcweb.WithAttemptHeader(3),
		`format: must be "binary" or "text"`:                                    grpcweb.WithFormat(2),
		`sendCompression: must be "identity" or "gzip", not "br"`:               grpcweb.WithSendCompression("br"),
		`acceptCompression: must be "identity" or "gzip", not "br"`:             grpcweb.WithAcceptCompression(grpcweb.Gzip, "br"),
		"maxRetryBufferSize: must be greater than 0":                            grpcweb.WithMaxRetryBufferSize(-7),
		"random: is nil: give a function, such as rand.Float64 of math/rand/v2": grpcweb.WithRandom(nil),
	} {
		_, err := grpcweb.NewChannel(fake.New(), "https://api.example.com", o)
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%v; want %s", err, want)
		}
	}
	if all := paths(t, grpcweb.WithMaxRetryAttempts(-7), grpcweb.WithAcceptCompression(grpcweb.Gzip, grpcweb.Identity)); all != nil {
		t.Errorf("refused: %q", all)
	}
}
