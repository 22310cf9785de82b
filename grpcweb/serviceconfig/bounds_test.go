package serviceconfig

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
)

// listed is a config with so many entries, each with what entry answers.
func listed(n int, entry func(i int) string) string {
	entries := make([]string, n)
	for i := range entries {
		entries[i] = entry(i)
	}
	return `{"methodConfig":[` + strings.Join(entries, ",") + `]}`
}

func named(i int) string { return `{"name":[{"service":"s` + strconv.Itoa(i) + `"}]}` }

// So many names in all, in one entry or in many, from JSON or from Go.
func TestBounds(t *testing.T) {
	t.Run("110_names", testManyNames)
	t.Run("110_entries", testManyEntries)
	t.Run("110_problems", testManyProblems)
}

func testManyNames(t *testing.T) {
	together := func(n int) string {
		entry := strings.TrimSuffix(strings.TrimPrefix(listed(n, func(i int) string { return `{"service":"s` + strconv.Itoa(i) + `"}` }), `{"methodConfig":[`), `]}`)
		return `{"methodConfig":[{"name":[` + entry + `]},{"name":[]},null]}`
	}
	for name, text := range map[string]func(n int) string{
		"in entries of their own": func(n int) string { return listed(n, named) },
		"in one entry":            together,
	} {
		for n, fits := range map[int]bool{maxNames: true, maxNames + 1: false, 10 * maxNames: false} {
			c, err := Parse(text(n))
			if name == "in one entry" && fits {
				err = nil // null is no entry, which is told
			}
			if fits {
				if err != nil || c != nil && c.Lookup("/s9999/M") == nil {
					t.Errorf("%d %s: %.100v", n, name, err)
				}
				continue
			}
			problems := problemsOf(t, err)
			if len(problems) != 1 || problems[0].Path != "methodConfig" || !strings.Contains(problems[0].Reason, strconv.Itoa(n)+" names: at most 10000") {
				t.Errorf("%d %s: %v", n, name, problems)
			}
		}
	}
	c := Config{Methods: make([]Method, maxNames+1)}
	for i := range c.Methods {
		c.Methods[i].Names = []Name{{Service: strconv.Itoa(i)}}
	}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "10001 names") {
		t.Errorf("in Go: %v", err)
	}
	c.Methods = c.Methods[1:]
	if err := c.Validate(); err != nil {
		t.Errorf("in Go: %v", err)
	}
}

// So many entries too, whatever is in them; and what comes after too many of either is
// read, but costs no memory.
func testManyEntries(t *testing.T) {
	for name, entry := range map[string]func(int) string{
		"empty":       func(int) string { return `{}` },
		"of no names": func(int) string { return `{"timeout":"1s"}` },
		"none":        func(int) string { return `null` },
		"named":       named,
	} {
		cost := func(n int) float64 {
			text := listed(n, entry)
			return testing.AllocsPerRun(1, func() {
				problems := problemsOf(t, second(Parse(text)))
				if len(problems) != 1 || problems[0].Path != "methodConfig" || !strings.Contains(problems[0].Reason, strconv.Itoa(n)) {
					t.Errorf("%d %s: %v", n, name, problems)
				}
			})
		}
		if few, many := cost(maxNames+1), cost(10*maxNames); many > few+100 {
			t.Errorf("%s: %v allocations for %d, %v for %d", name, few, maxNames+1, many, 10*maxNames)
		}
	}
	c := Config{Methods: make([]Method, maxNames+1)}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "10001 entries") {
		t.Errorf("in Go: %v", err)
	}
}

func second(_ *Config, err error) error { return err }

// The first hundred are listed, and that there are more is said,
// whichever pass finds them.
func testManyProblems(t *testing.T) {
	for name, entry := range map[string]func(i int) string{
		"of type":      func(int) string { return `{"timeout":1}` },
		"of value":     func(int) string { return `{"timeout":"-1s"}` },
		"in policies":  func(int) string { return `{"retryPolicy":{}}` },
		"in names":     func(int) string { return `{"name":[{"service":"a"}]}` },
		"in a list":    func(i int) string { return `{"name":[` + strings.Repeat(`7,`, 5) + `7]}` },
		"of each kind": func(i int) string { return []string{`{"timeout":1}`, `{"timeout":"-1s"}`}[i%2] },
	} {
		_, err := Parse(listed(1000, entry))
		var of *Error
		if !errors.As(err, &of) || len(of.Problems) != maxProblems || !of.More {
			t.Errorf("%s: %d problems, more %v", name, len(of.Problems), of.More)
			continue
		}
		if lines := strings.Split(err.Error(), "\n"); len(lines) != maxProblems+1 || !strings.HasSuffix(lines[maxProblems], "there are more problems, which are not listed") {
			t.Errorf("%s: %d lines, the last %q", name, len(lines), lines[len(lines)-1])
		}
	}
	_, err := Parse(listed(maxProblems, func(int) string { return `{"timeout":1}` }))
	if of, ok := err.(*Error); !ok || of.More || len(of.Problems) != maxProblems || strings.Contains(err.Error(), "more problems") {
		t.Errorf("exactly as many: %v", err)
	}
	c := Config{Methods: make([]Method, 1000)}
	for i := range c.Methods {
		c.Methods[i].Timeout = new(plan.Duration)
		*c.Methods[i].Timeout = -1
	}
	if of, ok := c.Validate().(*Error); !ok || len(of.Problems) != maxProblems || !of.More {
		t.Errorf("in Go: %v", of)
	}
}

// TestLargeConfigs allocate little more than their values: no path is written that
// nobody reads, and nothing is kept for each value beside it.
func TestLargeConfigs(t *testing.T) {
	const entries = 2000
	text := listed(entries, func(i int) string {
		return `{"name":[{"service":"s` + strconv.Itoa(i) + `","method":"m"}],"timeout":"1s","retryPolicy":{"maxAttempts":3,"initialBackoff":"0.1s","maxBackoff":"1s",` +
			`"backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}`
	})
	if each := allocations(t, text) / entries; each > 30 {
		t.Errorf("%.1f allocations for each entry", each)
	} else {
		t.Logf("%.1f allocations for each entry", each)
	}
}

func allocations(t *testing.T, text string) float64 {
	t.Helper()
	return testing.AllocsPerRun(3, func() {
		if _, err := Parse(text); err != nil {
			t.Fatal(err)
		}
	})
}

// What is ignored is read, and costs nothing, however much there is of it.
func TestIgnoredValuesAreNotKept(t *testing.T) {
	items := func(n int, item string) string { return strings.Repeat(item+",", n) + item }
	for name, text := range map[string]func(n int) string{
		"objects":       func(n int) string { return `{"loadBalancingConfig":[` + items(n, `{"lb":{"a":[1,"x",null]}}`) + `]}` },
		"strings":       func(n int) string { return `{"x":[` + items(n, `"\n\u00e9é"`) + `]}` },
		"numbers":       func(n int) string { return `{"x":[` + items(n, `-1.5e3`) + `]}` },
		"keys":          func(n int) string { return `{"x":{` + items(n, `"\t":{}`) + `}}` },
		"in an entry":   func(n int) string { return `{"methodConfig":[{"name":[{}],"x":[` + items(n, `[]`) + `]}]}` },
		"in a name":     func(n int) string { return `{"methodConfig":[{"name":[{"x":[` + items(n, `[[]]`) + `]}]}]}` },
		"in a policy":   func(n int) string { return withRetry(`"x":[` + items(n, `{}`) + `]`) },
		"in throttling": func(n int) string { return withThrottling(`"x":[` + items(n, `{}`) + `]`) },
	} {
		cost := func(n int) float64 { return allocations(t, text(n)) }
		if few, many := cost(1), cost(10_000); many > few+2 {
			t.Errorf("%s: %v allocations for few, %v for many", name, few, many)
		}
	}
	keys := make([]string, 10_000)
	for i := range keys {
		keys[i] = `"k` + strconv.Itoa(i) + `":[{}]`
	}
	if made := allocations(t, "{"+strings.Join(keys, ",")+"}"); made > 20 {
		t.Errorf("%v allocations for ignored fields at the top", made)
	}
}

// TestNothingPointsIntoTheText: TinyGo's garbage collector needs, for each pointer into a
// long text, a time that grows with the text.
func TestNothingPointsIntoTheText(t *testing.T) {
	for i := range reflect.TypeFor[value]().NumField() {
		if f := reflect.TypeFor[value]().Field(i); f.Type.Kind() == reflect.String || f.Type.Kind() == reflect.Pointer {
			t.Errorf("value.%s is a %s, of which a list holds as many as the text has values", f.Name, f.Type)
		}
	}
	text := `{"methodConfig":[{"name":[{"service":"pkg.Service","method":"Method"}]}]}`
	name := mustParse(t, text).Methods[0].Names[0]
	begin := uintptr(unsafe.Pointer(unsafe.StringData(text)))
	for _, part := range []string{name.Service, name.Method} {
		if at := uintptr(unsafe.Pointer(unsafe.StringData(part))); begin <= at && at < begin+uintptr(len(text)) {
			t.Errorf("%q is a part of the text", part)
		}
	}
}
