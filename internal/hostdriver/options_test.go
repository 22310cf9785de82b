package hostdriver

import (
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/internal/channel"
)

// options joins names and values as JavaScript does, after a base URL.
func options(parts ...string) string {
	return strings.Join(append([]string{"baseUrl", "https://api.test"}, parts...), "\x00") + "\x00"
}

func TestOptions(t *testing.T) {
	for name, c := range map[string]struct {
		parts []string
		holds func(o channel.Options) bool
	}{
		"defaults": {nil, func(o channel.Options) bool {
			return o.MaxRetryAttempts == 5 && o.MaxSendMessageBytes == channel.Unlimited &&
				o.DefaultTimeout == plan.Never && o.Random() >= 0 && !o.FirstFrame && !o.Text && !o.Page
		}},
		"baseUrl":                   {nil, func(o channel.Options) bool { return o.BaseURL == "https://api.test" }},
		"maxRetryAttempts":          {[]string{"maxRetryAttempts", "3"}, func(o channel.Options) bool { return o.MaxRetryAttempts == 3 }},
		"maxRetryAttempts without":  {[]string{"maxRetryAttempts", "Infinity"}, func(o channel.Options) bool { return o.MaxRetryAttempts == channel.Unlimited }},
		"maxRetryBufferSize":        {[]string{"maxRetryBufferSize", "7"}, func(o channel.Options) bool { return o.MaxRetryBufferSize == 7 }},
		"maxRetryBufferPerCallSize": {[]string{"maxRetryBufferPerCallSize", "8"}, func(o channel.Options) bool { return o.MaxRetryBufferPerCallSize == 8 }},
		"maxReceiveMessageBytes":    {[]string{"maxReceiveMessageBytes", "9"}, func(o channel.Options) bool { return o.MaxReceiveMessageBytes == 9 }},
		"maxSendMessageBytes":       {[]string{"maxSendMessageBytes", "10"}, func(o channel.Options) bool { return o.MaxSendMessageBytes == 10 }},
		"defaultTimeoutMs":          {[]string{"defaultTimeoutMs", "250"}, func(o channel.Options) bool { return o.DefaultTimeout == 250*plan.Millisecond }},
		"defaultTimeoutMs without":  {[]string{"defaultTimeoutMs", "Infinity"}, func(o channel.Options) bool { return o.DefaultTimeout == plan.Never }},
		"jitter":                    {[]string{"jitter", "plusMinus20"}, func(o channel.Options) bool { return o.Jitter == plan.PlusMinus20 }},
		"attemptHeader always":      {[]string{"attemptHeader", "always"}, func(o channel.Options) bool { return o.AttemptHeader == channel.AttemptHeaderAlways }},
		"attemptHeader never":       {[]string{"attemptHeader", "never"}, func(o channel.Options) bool { return o.AttemptHeader == channel.AttemptHeaderNever }},
		"headerCommit":              {[]string{"headerCommit", "firstFrame"}, func(o channel.Options) bool { return o.FirstFrame }},
		"format":                    {[]string{"format", "text"}, func(o channel.Options) bool { return o.Text }},
		"sendCompression":           {[]string{"sendCompression", "gzip"}, func(o channel.Options) bool { return o.SendGzip && !o.AcceptGzip }},
		"acceptCompression":         {[]string{"acceptCompression", "gzip"}, func(o channel.Options) bool { return o.AcceptGzip && !o.SendGzip }},
		"perAttempt":                {[]string{"perAttempt", "1"}, func(o channel.Options) bool { return o.PerAttempt }},
		"page and crossOrigin":      {[]string{"page", "1", "crossOrigin", "1"}, func(o channel.Options) bool { return o.Page && o.CrossOrigin }},
		"metadata": {[]string{">x-app", "1", ">x-key-bin", "AAH/"}, func(o channel.Options) bool {
			return o.Metadata.Get("x-app") == "1" && o.Metadata.Get("x-key-bin") == "\x00\x01\xff"
		}},
		"as given":                {[]string{"?maxRetryAttempts", "3", "?format", `"text"`}, func(o channel.Options) bool { return o.MaxRetryAttempts == 3 && o.Text }},
		"metadata named like one": {[]string{">format", "text"}, func(o channel.Options) bool { return !o.Text && o.Metadata.Get("format") == "text" }},
		"serviceConfig":           {[]string{"serviceConfig", `{"retryThrottling":{"maxTokens":10,"tokenRatio":0.1}}`}, func(o channel.Options) bool { return o.Config.Throttling.MaxTokens == 10 }},
		"random": {[]string{"random", "4503599627370496"}, func(o channel.Options) bool {
			first, second := o.Random(), o.Random()
			return first == 0.5 && second == 0.5
		}},
		"random behind seed": {[]string{"seed", "5", "random", "0"}, func(o channel.Options) bool { return o.Random() == 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			o, problems := readOptions(options(c.parts...))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if !c.holds(o) {
				t.Errorf("%q makes %+v", c.parts, o)
			}
		})
	}
}

func TestOptionRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		block string
		paths []string
	}{
		"nothing at all":         {"", []string{"baseUrl"}},
		"no host":                {"baseUrl\x00https://\x00", []string{"baseUrl"}},
		"a query":                {"baseUrl\x00https://api.test?x\x00", []string{"baseUrl"}},
		"another scheme":         {"baseUrl\x00ftp://api.test\x00", []string{"baseUrl"}},
		"a password":             {"baseUrl\x00https://u:p@api.test\x00", []string{"baseUrl"}},
		"a space":                {"baseUrl\x00https://api.test/a b\x00", []string{"baseUrl"}},
		"0":                      {options("maxRetryAttempts", "0"), []string{"maxRetryAttempts"}},
		"negative":               {options("maxRetryBufferSize", "-1"), []string{"maxRetryBufferSize"}},
		"a fraction":             {options("maxRetryBufferPerCallSize", "1.5"), []string{"maxRetryBufferPerCallSize"}},
		"NaN":                    {options("maxReceiveMessageBytes", "NaN"), []string{"maxReceiveMessageBytes"}},
		"negative infinity":      {options("maxSendMessageBytes", "-Infinity"), []string{"maxSendMessageBytes"}},
		"an exponent":            {options("defaultTimeoutMs", "1e21"), []string{"defaultTimeoutMs"}},
		"a value that is absent": {"baseUrl\x00https://api.test\x00maxRetryAttempts", []string{"maxRetryAttempts"}},
		"a reserved name":        {options(">grpc-timeout", "1S"), []string{"metadata"}},
		"a name in upper case":   {options(">X", "1"), nil}, // names are read as HTTP has them, in any case
		"a name with a space":    {options(">a b", "1"), []string{"metadata"}},
		"forbidden in a page":    {options("page", "1", ">cookie", "a"), []string{"metadata"}},
		"given and unknown":      {options("?page", "1", "?>te", "x"), []string{"page", ">te"}},
		"no JSON":                {options("serviceConfig", "{"), []string{""}},
		"two faults in a config": {options("serviceConfig", `{"retryThrottling":{"maxTokens":0,"tokenRatio":0}}`), []string{"retryThrottling.maxTokens", "retryThrottling.tokenRatio"}},
		"everything at once":     {"baseUrl\x00\x00maxRetryAttempts\x000\x00>te\x00x\x00serviceConfig\x00[\x00", []string{"maxRetryAttempts", "baseUrl", "metadata", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := readOptions(c.block)
			var paths []string
			for _, p := range problems {
				paths = append(paths, p.Path)
				if p.Reason == "" {
					t.Errorf("%s is refused without a reason", p.Path)
				}
			}
			if strings.Join(paths, "; ") != strings.Join(c.paths, "; ") {
				t.Errorf("refused: %q; want %q", problems, c.paths)
			}
		})
	}
}

// Random numbers are uniform enough for jitter, and the same seed gives the same ones.
func TestSeed(t *testing.T) {
	draws := func(seed string) (sum float64, first [4]float64) {
		random := generator(seed)
		for i := range 1000 {
			n := random()
			if n < 0 || n >= 1 {
				t.Fatalf("%v is drawn", n)
			}
			if sum += n; i < len(first) {
				first[i] = n
			}
		}
		return sum / 1000, first
	}
	mean, first := draws("7")
	if _, again := draws("7"); again != first {
		t.Error("the same seed gives other draws")
	}
	if _, others := draws("8"); others == first {
		t.Error("another seed gives the same draws")
	}
	if mean < 0.45 || mean > 0.55 {
		t.Errorf("the mean of 1000 draws is %v", mean)
	}
}
