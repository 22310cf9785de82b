package interop_test

import (
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const module = "github.com/hedgerow-web/hedgerow"

// TestReadmeBuilds does what README.md tells a Go developer to do, in a module of their own: it takes the program and the commands as
// they stand there. Only that the module is replaced by this folder is different, and that a proxy on disk says that it was published:
// go get asks for that even then.
func TestReadmeBuilds(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	section := regexp.MustCompile("(?ms)^## In Go\n.*?^## ").FindString(string(page))
	program := block(t, section, "go")
	if formatted, err := format.Source([]byte(program)); err != nil || string(formatted) != program {
		t.Errorf("README.md shows Go that is not formatted: %v\n%s", err, formatted)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), []byte("module example.com/app\n\ngo 1.26.0\n\nreplace "+module+" => "+root+"\n"))
	write(t, filepath.Join(dir, "main.go"), []byte(program))
	commands := exec.Command("sh", "-euc", block(t, section, "sh"))
	commands.Dir = dir
	commands.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GONOSUMDB="+module, "GOPROXY=file://"+published(t, root)+","+proxies(t))
	if out, err := commands.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range []string{"app.wasm", "wasm_exec.js"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

// published returns a folder that says, as a module proxy does, that the module has a version.
func published(t *testing.T, root string) string {
	t.Helper()
	proxy := t.TempDir()
	versions := filepath.Join(proxy, filepath.FromSlash(module), "@v")
	if err := os.MkdirAll(versions, 0o700); err != nil {
		t.Fatal(err)
	}
	requirements, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(versions, "list"), []byte("v0.1.0\n"))
	write(t, filepath.Join(versions, "v0.1.0.info"), []byte(`{"Version": "v0.1.0"}`))
	write(t, filepath.Join(versions, "v0.1.0.mod"), requirements)
	return proxy
}

// proxies returns the module proxies that are in use.
func proxies(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// block returns the one block of a language in a part of a page.
func block(t *testing.T, section, language string) string {
	t.Helper()
	blocks := regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(section, -1)
	if len(blocks) != 1 {
		t.Fatalf("the section In Go of README.md has %d blocks of %s, where one is expected", len(blocks), language)
	}
	return blocks[0][1]
}

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
