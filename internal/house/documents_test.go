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

// TestReadmeCompiles compiles the Go programs of README.md for js/wasm, exactly as they stand there.
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
			t.Errorf("README.md shows Go that is not a whole program, which cannot be checked:\n%s", block[1])
			continue
		}
		if formatted, err := format.Source([]byte(block[1])); err != nil || string(formatted) != block[1] {
			t.Errorf("README.md shows Go that is not formatted: %v\n%s", err, formatted)
		}
		// An overlay shows the go command a file that is not there. So the program is part of this module and needs no go.mod.
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
		compile := exec.Command("go", "list", "-export", "-overlay", overlay, "./readme") // It compiles; go build would link too.
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
