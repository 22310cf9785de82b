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

// The program ./wasm is compiled by Go's own compiler and by TinyGo, which is a version or two behind. TinyGo is given this file in
// place of go.mod. It requires no module, because the program needs none.
const lightModfile = "tools/tinygo/hedgerow.mod"

// newerThanLight lists what Go has added since the version in lightModfile to the packages that the core may use. The source is
// api/go1.26.txt in Go's repository.
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
	// newerThanLight is the difference between these two versions, so it must change with either of them.
	for name, want := range map[string]string{"go.mod": "1.26", lightModfile: "1.25"} {
		if got := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, name)); got == nil || got[1] != want {
			t.Errorf("%s says %q, not %q: bring newerThanLight and this test up to date", name, got, want)
		}
	}
}

// This checks the language and the imports: given the modfile, Go's own compiler refuses features of the language that are newer than
// the version in it, and modules that it does not require.
func TestTheWasmProgramCompilesWithTheLightModfile(t *testing.T) {
	command := exec.Command("go", "list", "-export", "-deps", "-modfile="+filepath.FromSlash(lightModfile), "./wasm")
	command.Dir = root
	command.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0", "GOWORK=off")
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("TinyGo could not compile ./wasm: %v\n%s", err, out)
	}
}

// This checks the standard library. The compiler cannot: it brings its own library, and does not refuse what is newer than the version
// in the modfile.
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

// newerIn finds the uses of what newerThanLight lists. Functions are found with their package's name, methods by their name alone,
// which is enough because no type here has a method of the same name.
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
