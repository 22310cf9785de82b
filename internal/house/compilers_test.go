//go:build !js

package house

import (
	"go/ast"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Two compilers read the program ./wasm: Go's own, and TinyGo, which lags behind by a version or two. Instead of go.mod TinyGo is given this
// file, which requires nothing.
const lightModfile = "tools/tinygo/hedgerow.mod"

// What Go 1.26 added, after the version in lightModfile, to the packages that the core may use (api/go1.26.txt of Go's source).
var newerThanLight = map[string][]string{
	"bytes":  {"Buffer.Peek"},
	"errors": {"AsType"},
}

func TestTheLightModfileRequiresNothing(t *testing.T) {
	for _, line := range strings.Split(read(t, lightModfile), "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "require") {
			t.Errorf("%s: %s; the program ./wasm needs no module", lightModfile, line)
		}
	}
	// Whoever raises the version looks up what it added: newerThanLight is the difference between the two.
	for name, want := range map[string]string{"go.mod": "1.26", lightModfile: "1.25"} {
		if got := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, name)); got == nil || got[1] != want {
			t.Errorf("%s says %q, not %q: bring newerThanLight up to date, and this test", name, got, want)
		}
	}
}

// The language: with a modfile of Go 1.25, Go's own compiler refuses what came later, and modules that are not required.
func TestTheWasmProgramCompilesWithTheLightModfile(t *testing.T) {
	command := exec.Command("go", "list", "-export", "-deps", "-modfile="+filepath.FromSlash(lightModfile), "./wasm")
	command.Dir = root
	command.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0", "GOWORK=off")
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("TinyGo could not compile ./wasm: %v\n%s", err, out)
	}
}

// The library: what is newer is there all the same, for the standard library comes with the compiler.
func TestTheWasmProgramUsesNoNewerLibrary(t *testing.T) {
	linked := linked(t, "wasm")
	for name, files := range tree(t) {
		if _, ok := linked[module+"/"+name]; !ok {
			continue
		}
		for _, f := range files {
			for _, use := range newerIn(f.syntax) {
				t.Errorf("%s uses %s, which TinyGo's Go does not have", f.name, use)
			}
		}
	}
}

// newerIn finds functions by their package's name, and methods by their own: none is so common that it would be another's.
func newerIn(syntax *ast.File) []string {
	var found []string
	ast.Inspect(syntax, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		for path, names := range newerThanLight {
			for _, name := range names {
				_, method, isMethod := strings.Cut(name, ".")
				x, _ := selector.X.(*ast.Ident)
				if isMethod && selector.Sel.Name == method || x != nil && x.Name == path && selector.Sel.Name == name {
					found = append(found, path+"."+name)
				}
			}
		}
		return true
	})
	slices.Sort(found)
	return found
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
