package serviceconfig

import (
	"strconv"
	"strings"
	"testing"
)

func TestLookupBeforeValidate(t *testing.T) {
	var none *Config
	if none.Lookup("/a.B/C") != nil || none.Validate() != nil {
		t.Error("a nil Config is valid and finds nothing")
	}
	c := &Config{Methods: []Method{{Names: []Name{{}}}}}
	if c.Lookup("/a.B/C") != nil {
		t.Error("found before Validate")
	}
	if err := c.Validate(); err != nil || c.Lookup("/a.B/C") != &c.Methods[0] {
		t.Error("not found after Validate", err)
	}
	c.Methods[0].Names = append(c.Methods[0].Names, Name{})
	if err := c.Validate(); err == nil || c.Lookup("/a.B/C") != nil {
		t.Error("a config that Validate refuses finds nothing", err)
	}
}

// A name whose method has a slash is of no method that can be called, so that it finds none.
func TestLookupOfSlashes(t *testing.T) {
	c := mustParse(t, `{"methodConfig": [{"name": [{"service": "s", "method": "/m"}, {"service": "s", "method": "a/b"}]}]}`)
	for _, method := range []string{"/s//m", "/s/a/b", "/s/m"} {
		if c.Lookup(method) != nil {
			t.Errorf("%s is found", method)
		}
	}
}

// hundredServices is a config of a hundred services.
func hundredServices() string {
	entries := make([]string, 100)
	for i := range entries {
		n := strconv.Itoa(i)
		entries[i] = `{"name": [{"service": "pkg.S` + n + `"}, {"service": "pkg.S` + n + `", "method": "M"}], "retryPolicy": ` + retryJSON("") + `}`
	}
	return `{"methodConfig": [{"name": [{}]}, ` + strings.Join(entries, ",\n") + `]}`
}

func BenchmarkParse(b *testing.B) {
	text := hundredServices()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	c, err := Parse(hundredServices())
	if err != nil {
		b.Fatal(err)
	}
	for name, method := range map[string]string{"method": "/pkg.S50/M", "service": "/pkg.S50/Other", "default": "/other.Service/M"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if c.Lookup(method) == nil {
					b.Fatal("not found")
				}
			}
		})
		if n := testing.AllocsPerRun(10, func() { c.Lookup(method) }); n != 0 {
			b.Errorf("%s: Lookup allocates", name)
		}
	}
}
