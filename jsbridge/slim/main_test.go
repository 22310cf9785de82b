//go:build !js

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// program compiles this command itself to js/wasm.
func program(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "app.wasm")
	command := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", name, ".")
	command.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return name
}

// try runs the command, and returns its exit code and what it printed.
func try(args ...string) (code int, stdout, stderr string) {
	var out, problems bytes.Buffer
	code = run(args, &out, &problems)
	return code, out.String(), problems.String()
}

func size(t *testing.T, name string) int64 {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestCommand(t *testing.T) {
	name := program(t)
	before := size(t, name)
	other := filepath.Join(t.TempDir(), "slim.wasm")
	if code, stdout, stderr := try("-o", other, name); code != 0 || !strings.HasPrefix(stdout, other) || stderr != "" {
		t.Fatalf("with -o: %d, %q, %q", code, stdout, stderr)
	}
	if size(t, name) != before || size(t, other) >= before {
		t.Errorf("with -o: %d bytes became %d, and the program has %d", before, size(t, other), size(t, name))
	}
	if code, stdout, stderr := try(name); code != 0 || !strings.Contains(stdout, "% less") {
		t.Fatalf("in place: %d, %q, %q", code, stdout, stderr)
	}
	if size(t, name) != size(t, other) {
		t.Errorf("in place: %d bytes, with -o %d", size(t, name), size(t, other))
	}
	code, stdout, stderr := try(name)
	if code != 1 || stdout != "" || !strings.Contains(stderr, "slim already; nothing was written") {
		t.Errorf("again: %d, %q, %q", code, stdout, stderr)
	}
	if entries, err := os.ReadDir(filepath.Dir(name)); err != nil || len(entries) != 1 {
		t.Errorf("files are left over: %v, %v", entries, err)
	}
}

func TestFailures(t *testing.T) {
	text := filepath.Join(t.TempDir(), "index.html")
	if err := os.WriteFile(text, []byte("<!doctype html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{nil, 2, "give one program, not 0"},
		{[]string{"a.wasm", "b.wasm"}, 2, "give one program, not 2"},
		{[]string{"-x"}, 2, "flag provided but not defined"},
		{[]string{"absent.wasm"}, 1, "absent.wasm"},
		{[]string{text}, 1, "not a WebAssembly module"},
	} {
		if code, stdout, stderr := try(c.args...); code != c.code || stdout != "" || !strings.Contains(stderr, c.says) {
			t.Errorf("%q: %d, %q, %q", c.args, code, stdout, stderr)
		}
	}
	if size(t, text) != 15 {
		t.Error("a file that is refused was changed")
	}
}
