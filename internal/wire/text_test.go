package wire

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
)

func TestDecodePercent(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "plain": "plain", "a%20b": "a b", "%E2%82%AC": "€", "%e2%82%ac": "€", "100%25": "100%", "a+b": "a+b",
		"%AF%FA": "\xaf\xfa", "%af%fa": "\xaf\xfa", "%": "%", "%4": "%4", "%4G": "%4G", "%G4": "%G4", "%%41": "%A", "%41%": "A%", "%2": "%2", "%ff": "\xff", "50% off": "50% off",
	} {
		if got := DecodePercent(text); got != want {
			t.Errorf("%q: %q; want %q", text, got, want)
		}
	}
}

func TestUnLatin1(t *testing.T) {
	latin1 := func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			b.WriteRune(rune(s[i]))
		}
		return b.String()
	}
	for _, text := range []string{"", "plain", "缺少", "naïve", "€", "\x00 \x7f", "a é b"} {
		if got := UnLatin1(latin1(text)); got != text {
			t.Errorf("%q comes back as %q", text, got)
		}
		if got := UnLatin1(text); got != text {
			t.Errorf("%q, which is itself, is read as %q", text, got)
		}
	}
	for _, text := range []string{"caf\u00e9", "\u00ff", "\u00c3(", "\u7f3a\u00c3\u00a9", "\xff\xfe"} { // None of these was UTF-8 before.
		if got := UnLatin1(text); got != text {
			t.Errorf("%q is read as %q", text, got)
		}
	}
}

func TestEncodePercent(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "plain text, ~!": "plain text, ~!", "100%": "100%25", "€": "%E2%82%AC", "a\r\nb": "a%0D%0Ab", "\x7f\x00": "%7F%00",
	} {
		if got := EncodePercent(text); got != want {
			t.Errorf("%q: %q; want %q", text, got, want)
		}
	}
}

func FuzzPercent(f *testing.F) {
	f.Add("100% of €")
	f.Add("%4%41%G")
	f.Fuzz(func(t *testing.T, text string) {
		encoded := EncodePercent(text)
		if got := DecodePercent(encoded); got != text {
			t.Errorf("%q comes back as %q", text, got)
		}
		if strings.ContainsFunc(encoded, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q is sent as %q", text, encoded)
		}
		if want, err := url.PathUnescape(text); err == nil && DecodePercent(text) != want {
			t.Errorf("%q is read as %q; want %q", text, DecodePercent(text), want)
		}
		if got := DecodePercent(text); len(got) > len(text) {
			t.Errorf("%q grows to %q", text, got)
		}
	})
}

func TestDecodeBase64(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "aA": "h", "aA==": "h", "aGk": "hi", "aGk=": "hi", "aGll": "hie", "-_-_": "\xfb\xff\xbf", "+/+/": "\xfb\xff\xbf",
	} {
		if got, ok := DecodeBase64(text); !ok || got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, ok, want)
		}
	}
	for _, text := range []string{"a", "aGlla", "a===", "=", "==", "====", "aA=", "aGk==", "aG=k", "aG k", "aGk\n", "a€"} {
		if got, ok := DecodeBase64(text); ok {
			t.Errorf("%q is taken for %q", text, got)
		}
	}
}

// FuzzBase64 compares with the standard library, which is too large to be used itself.
func FuzzBase64(f *testing.F) {
	f.Add("hello", "aGk=")
	f.Add("\x00\xff\xfe", "-_-_")
	f.Fuzz(func(t *testing.T, raw, text string) {
		encoded := EncodeBase64(raw)
		if want := base64.RawStdEncoding.EncodeToString([]byte(raw)); encoded != want {
			t.Errorf("%q: %s; want %s", raw, encoded, want)
		}
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			if got, ok := DecodeBase64(e.EncodeToString([]byte(raw))); !ok || got != raw {
				t.Errorf("%q comes back as %q, %v", e.EncodeToString([]byte(raw)), got, ok)
			}
		}
		if strings.ContainsAny(text, "\r\n") {
			return // The standard library ignores line ends, and a header value has none.
		}
		std := strings.NewReplacer("-", "+", "_", "/").Replace(text)
		want, err := base64.StdEncoding.DecodeString(std)
		if err != nil {
			want, err = base64.RawStdEncoding.DecodeString(std)
		}
		if got, ok := DecodeBase64(text); ok != (err == nil) || ok && got != string(want) {
			t.Errorf("%q is read as %q, %v; want %q, %v", text, got, ok, want, err)
		}
	})
}
