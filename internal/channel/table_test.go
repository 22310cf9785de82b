package channel

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
)

// Every option of the table is read from text, and changes one field.
func TestRead(t *testing.T) {
	never := func(path, reason string) { t.Errorf("%s: %s", path, reason) }
	for _, n := range Numbers {
		o := DefaultOptions()
		if !o.Read(n.Name, "7", never) || *n.field(&o) != 7*n.unit {
			t.Errorf("%s: %d after 7", n.Name, *n.field(&o))
		}
		if !o.Read(n.Name, "Infinity", never) || *n.field(&o) != Unlimited {
			t.Errorf("%s: %d after Infinity", n.Name, *n.field(&o))
		}
		for _, value := range []string{"", `"7"`, "7n", "0", "-1", "1.5", "NaN", "1e3", "9223372036854775808"} {
			told := ""
			if !o.Read(n.Name, value, func(path, reason string) { told += path + ": " + reason }) || !strings.HasPrefix(told, n.Name+": must be a whole number") {
				t.Errorf("%s = %q: %q", n.Name, value, told)
			}
		}
	}
	o := DefaultOptions()
	if o.Read("defaultTimeoutMs", "9223372036854775807", never); o.DefaultTimeout != plan.Never {
		t.Errorf("a timeout that is too long for nanoseconds becomes %d", o.DefaultTimeout)
	}
	if o.Read("defaultTimeoutMs", "9223372036854", never); o.DefaultTimeout != 9_223_372_036_854*plan.Millisecond {
		t.Errorf("the longest timeout in nanoseconds becomes %d", o.DefaultTimeout)
	}
	for _, c := range Choices {
		for i, word := range c.Words {
			byWord, byIndex := DefaultOptions(), DefaultOptions()
			byWord.Read(c.Name, word, never)
			c.Choose(&byIndex, i, never)
			got, want := describe(byWord), describe(byIndex)
			if got != want || (got == describe(DefaultOptions())) != (i == 0) {
				t.Errorf("%s = %s: %s; by its index %s", c.Name, word, got, want)
			}
		}
		told := ""
		report := func(path, reason string) { told += path + ": " + reason + "\n" }
		if o.Read(c.Name, "nonsense", report); !strings.HasPrefix(told, c.Name+": must be \""+c.Words[0]+"\" or ") || !strings.HasSuffix(told, ", not nonsense\n") {
			t.Errorf("%q", told)
		}
		told = ""
		if o.ReadValue(c.Name, `"`+c.Words[0]+`"`, never); !o.ReadValue(c.Name, `"some"`, report) || !strings.HasSuffix(told, ", not \"some\"\n") {
			t.Errorf("%q", told)
		}
		told = ""
		c.Choose(&o, len(c.Words), report)
		if c.Choose(&o, -1, report); strings.Count(told, "must be") != 2 {
			t.Errorf("%q", told)
		}
	}
	for _, f := range Flags {
		o := DefaultOptions()
		if *f.field(&o) || !o.Read(f.Name, "1", never) || !*f.field(&o) {
			t.Errorf("%s is not set", f.Name)
		}
		if o.ReadValue(f.Name, "1", never) {
			t.Errorf("%s is read like an option that users know", f.Name)
		}
	}
	if o.Read("baseUrl", "x", never) || o.Read("", "", never) {
		t.Error("what is not in the table is read by it")
	}
}

func describe(o Options) string {
	flag := func(b bool) string { return strconv.FormatBool(b) + " " }
	return flag(o.FirstFrame) + flag(o.Text) + flag(o.SendGzip) + flag(o.AcceptGzip) + strconv.Itoa(int(o.Jitter)) + " " + strconv.Itoa(int(o.AttemptHeader))
}

func TestFind(t *testing.T) {
	if NumberOf("maxSendMessageBytes").Default != Unlimited || ChoiceOf("format").Words[0] != "binary" {
		t.Error("another option is found")
	}
	for _, find := range []func(){func() { NumberOf("jitter") }, func() { ChoiceOf("maxSendMessageBytes") }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("an option that does not exist is found")
				}
			}()
			find()
		}()
	}
}

// The TypeScript options, and the list of them in the Go package's documentation,
// have every option of the table, with its default.
func TestDocumentedOptions(t *testing.T) {
	typescript := read(t, "../../wasm/npm/src/api/options.ts")
	goDoc := read(t, "../../grpcweb/doc.go")
	check := func(name, defaultText string) {
		t.Helper()
		comment := regexp.MustCompile(`(?s)/\*\*((?:[^*]|\*[^/])*)\*/\s+` + name + `\?:`).FindStringSubmatch(typescript)
		if comment == nil {
			t.Errorf("options.ts has no documented option %s", name)
		} else if !strings.Contains(comment[1], defaultText) {
			t.Errorf("options.ts says %q of %s; want the default %q", comment[1], name, defaultText)
		}
		with := "With" + strings.ToUpper(name[:1]) + strings.TrimSuffix(name[1:], "Ms")
		if !regexp.MustCompile(`(?m)^//\t` + with + `\b`).MatchString(goDoc) {
			t.Errorf("grpcweb/doc.go does not list %s", with)
		}
	}
	for _, n := range Numbers {
		text := map[int64]string{5: "Default 5", 16 << 20: "Default 16 MiB", 1 << 20: "Default 1 MiB", 4 << 20: "Default 4 MiB", Unlimited: "Default"}[n.Default]
		check(n.Name, text)
	}
	for _, c := range Choices {
		if c.Name == "acceptCompression" { // which is a list in TypeScript
			check(c.Name, "Default []")
			continue
		}
		check(c.Name, `"`+c.Words[0]+`"`)
		for _, word := range c.Words {
			if !strings.Contains(typescript, `"`+word+`"`) {
				t.Errorf("options.ts does not know %s = %q", c.Name, word)
			}
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
