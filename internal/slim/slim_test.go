//go:build !js

package slim_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/hedgerow-web/hedgerow/internal/slim"
)

// linked compiles a program of testdata as users do. The tests share what it returns.
func linked(t *testing.T, name string) []byte {
	t.Helper()
	wasm, err := link[name]()
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

var link = map[string]func() ([]byte, error){
	"frames": sync.OnceValues(func() ([]byte, error) { return build("frames") }),
	"stress": sync.OnceValues(func() ([]byte, error) { return build("stress") }),
}

func build(name string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "hedgerow-slim-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	output := filepath.Join(dir, "linked.wasm")
	command := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", output, "./testdata/"+name)
	command.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	if text, err := command.CombinedOutput(); err != nil {
		return nil, errors.Join(err, errors.New(string(text)))
	}
	return os.ReadFile(output)
}

func slimmed(t *testing.T, wasm []byte) []byte {
	t.Helper()
	out, err := slim.Slim(wasm)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Only the data section changes, and names and zeros are what it loses.
func TestOnlyDataChanges(t *testing.T) {
	for name := range link {
		before := linked(t, name)
		original := bytes.Clone(before)
		after := slimmed(t, before)
		if !bytes.Equal(before, original) {
			t.Errorf("%s: the linked wasm itself was changed", name)
		}
		if float64(len(after)) > 0.9*float64(len(before)) {
			t.Errorf("%s: %d bytes became %d", name, len(before), len(after))
		}
		was, is := sections(t, before), sections(t, after)
		if len(was) != len(is) {
			t.Fatalf("%s: %d sections became %d", name, len(was), len(is))
		}
		for i := range was {
			if was[i].id != is[i].id || was[i].id != 11 && !bytes.Equal(was[i].payload, is[i].payload) {
				t.Errorf("%s: section %d, which has the id %d, has changed", name, i, was[i].id)
			}
		}
	}
}

type section struct {
	id      byte
	payload []byte
}

func sections(t *testing.T, wasm []byte) []section {
	t.Helper()
	var found []section
	for rest := wasm[8:]; len(rest) > 0; {
		length, n := binary.Uvarint(rest[1:])
		if n <= 0 || uint64(len(rest)) < 1+uint64(n)+length {
			t.Fatal("a section ends too early")
		}
		found = append(found, section{rest[0], rest[1+n : 1+n+int(length)]})
		rest = rest[1+n+int(length):]
	}
	return found
}

func TestSlimAlready(t *testing.T) {
	if _, err := slim.Slim(slimmed(t, linked(t, "stress"))); !errors.Is(err, slim.ErrSlim) {
		t.Errorf("got %v", err)
	}
}

// The two programs stand for both ways to keep what was inlined.
func TestProgramsDiffer(t *testing.T) {
	for name, counts := range map[string]bool{"frames": true, "stress": false} {
		if bytes.Contains(linked(t, name), []byte("\x00runtime.Callers\x00")) != counts {
			t.Errorf("%s: want that it links runtime.Callers to be %v", name, counts)
		}
	}
	if own := []byte("main.recoveries"); !bytes.Contains(linked(t, "stress"), own) || bytes.Contains(slimmed(t, linked(t, "stress")), own) {
		t.Error("the names of stress did not go")
	}
}

// What is cut off, another's, of another Go, or not what it should be, is refused in words.
func TestRefusals(t *testing.T) {
	wasm := linked(t, "stress")
	header := bytes.Index(wasm, []byte("\xf1\xff\xff\xff\x00\x00\x01\x08"))
	if header < 0 {
		t.Fatal("the program has no header of function tables")
	}
	edited := func(at int, to byte) []byte {
		copied := bytes.Clone(wasm)
		copied[at] = to
		return copied
	}
	version := regexp.MustCompile(`go1\.26`)
	for name, c := range map[string]struct {
		wasm []byte
		says string
	}{
		"empty":               {nil, "not a WebAssembly module"},
		"text":                {[]byte("<!doctype html>"), "not a WebAssembly module"},
		"cut off":             {wasm[:len(wasm)/2], "too early"},
		"another's":           {[]byte("\x00asm\x01\x00\x00\x00"), "something other than Go"},
		"older":               {version.ReplaceAll(wasm, []byte("go1.25")), "linked by go1.25"},
		"newer":               {version.ReplaceAll(wasm, []byte("go1.27")), "linked by go1.27"},
		"magic":               {edited(header, 0xf0), "0 tables of functions"},
		"pointers of 4 bytes": {edited(header+7, 4), "0 tables of functions"},
		"a function more":     {edited(header+8, wasm[header+8]+1), "each function"},
		"name of gopanic":     {bytes.ReplaceAll(wasm, []byte("runtime.gopanic\x00"), []byte("runtime.gopanik\x00")), "runtime.gopanic"},
	} {
		if out, err := slim.Slim(c.wasm); err == nil || out != nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want it to say %q", name, err, c.says)
		}
	}
}

// FuzzSlim changes a byte of the function tables. The wasm is then refused, or slimmed to one
// that still has all of its sections; it never panics.
func FuzzSlim(f *testing.F) {
	wasm, err := link["stress"]()
	if err != nil {
		f.Fatal(err)
	}
	start := bytes.Index(wasm, []byte("\xf1\xff\xff\xff\x00\x00\x01\x08"))
	for i := range 40 {
		f.Add(uint32(i*7919), byte(0x11))
	}
	f.Fuzz(func(t *testing.T, at uint32, flip byte) {
		copied := bytes.Clone(wasm)
		copied[start+int(at)%(len(wasm)-start)] ^= flip
		if out, err := slim.Slim(copied); err == nil {
			sections(t, out)
		}
	})
}

// A slim program does and prints what the linked one does: under garbage collection, with
// growing stacks, after panics, with timers, and through reflect's stubs. The exit codes must not change either:
// 0, that of a panic, and the one that the program frames chooses.
func TestProgramsRun(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no Node to run programs with")
	}
	for _, c := range []struct {
		name, environment string
		code              int
	}{
		{"stress", "GOGC=10", 0},
		{"stress", "GODEBUG=gcstoptheworld=1", 0},
		{"stress", "PANIC=1", 2},
		{"stress", "PANIC=1 GOTRACEBACK=system", 2},
		{"stress", "PANIC=1 GODEBUG=inittrace=1", 2},
		{"frames", "", 3},
		{"frames", "GODEBUG=gcstoptheworld=1", 3},
	} {
		t.Run(c.name+"_"+c.environment, func(t *testing.T) {
			t.Parallel()
			wasm := linked(t, c.name)
			said, code := execute(t, wasm, c.environment)
			if code != c.code || !regexp.MustCompile("held|collected").MatchString(said) {
				t.Fatalf("the linked program ends with %d, and says %s", code, said)
			}
			after, code := execute(t, slimmed(t, wasm), c.environment)
			if code != c.code || after != said {
				t.Errorf("the slim program ends with %d, and says\n%s\nwhere the linked one says\n%s", code, after, said)
			}
		})
	}
}

var (
	initLines  = regexp.MustCompile(`(?m)^init .*\n`)
	tracebacks = regexp.MustCompile(`(?ms)^goroutine \d+ .*`)
)

// execute runs a program under Node, with a small environment, because Go's loader takes at most 8
// KiB. It leaves out of the output what Go prints of tracebacks and of init, which may differ.
func execute(t *testing.T, wasm []byte, environment string) (said string, code int) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program.wasm")
	if err := os.WriteFile(program, wasm, 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("node", filepath.Join(strings.TrimSpace(string(root)), "lib/wasm/wasm_exec_node.js"), program)
	command.Env = strings.Fields(environment)
	out, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return tracebacks.ReplaceAllString(initLines.ReplaceAllString(string(out), ""), ""), command.ProcessState.ExitCode()
}
