//go:build !js

package house

import (
	"encoding/json"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeCompiles checks the Go programs of README.md, as they stand there, as programs of a user's for js/wasm.
func TestReadmeCompiles(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(string(page), -1)
	if len(blocks) == 0 {
		t.Fatal("README.md shows no Go")
	}
	for _, block := range blocks {
		if !strings.HasPrefix(block[1], "package main\n") {
			t.Errorf("README.md shows Go that is no whole program, and so is not checked:\n%s", block[1])
			continue
		}
		if formatted, err := format.Source([]byte(block[1])); err != nil || string(formatted) != block[1] {
			t.Errorf("README.md shows Go that is not formatted: %v\n%s", err, formatted)
		}
		// An overlay has go see files that are not there: a program of this module's, so that it needs no other.
		dir := t.TempDir()
		program := filepath.Join(dir, "main.go")
		write(t, program, []byte(block[1]))
		overlay := filepath.Join(dir, "overlay.json")
		text, err := json.Marshal(map[string]any{
			"Replace": map[string]string{filepath.Join(root, "readme", "main.go"): program},
		})
		if err != nil {
			t.Fatal(err)
		}
		write(t, overlay, text)
		compile := exec.Command("go", "list", "-export", "-overlay", overlay, "./readme") // go build would link, too
		compile.Dir = root
		compile.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
		if out, err := compile.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
