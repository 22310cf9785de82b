//go:build !js

package house

import (
	"go/ast"
	"go/build/constraint"
	"go/token"
	"slices"
	"strings"
	"testing"
)

func TestEveryPackageIsDrawn(t *testing.T) {
	built := tree(t)
	for name := range built {
		if name == "." {
			t.Error("the module's root has Go files, but must not be a package")
		} else if _, ok := drawing[name]; !ok {
			t.Errorf("the package %s is not in drawing_test.go: add it there, or move its code into a package that is", name)
		}
	}
	for name := range drawing {
		if _, ok := built[name]; !ok {
			t.Errorf("drawing_test.go has the package %s, which does not exist", name)
		}
	}
}

func TestImportsAreDrawn(t *testing.T) {
	for name, files := range tree(t) {
		room, ok := drawing[name]
		if !ok {
			continue // TestEveryPackageIsDrawn reports it.
		}
		for _, f := range files {
			for _, path := range f.imports() {
				if reason := room.refuses(path); reason != "" {
					t.Errorf("%s imports %s: %s", f.name, path, reason)
				}
			}
		}
	}
}

func (r room) refuses(path string) string {
	if inner, ok := strings.CutPrefix(path, module+"/"); ok {
		if !slices.Contains(r.imports, inner) {
			return "drawing_test.go does not allow this import"
		}
		return ""
	}
	if !isStandard(path) {
		if !slices.ContainsFunc(r.others, func(other string) bool { return within(path, other) }) {
			return "drawing_test.go does not allow this module here"
		}
		return ""
	}
	if !r.std(path) {
		if r.pure {
			return "the core must be pure and light; of the standard library it may use only " + strings.Join(lightStd, ", ")
		}
		return "JavaScript may be reached only through safejs, in jsbridge"
	}
	return ""
}

// The core is a set of state machines in which nothing waits and nothing runs beside anything else, so that the same events in the
// same order always give the same actions.
func TestTheCoreHasNoConcurrency(t *testing.T) {
	for name, files := range tree(t) {
		if !drawing[name].pure {
			continue
		}
		for _, f := range files {
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				if what := concurrent(n); what != "" && (what != parked || !slices.Contains(javaScriptRooms, name)) {
					t.Errorf("%s: %s; only drivers may run things concurrently, not the core", f.position(n), what)
				}
				return true
			})
		}
	}
}

// The code of maps weighs more than a kilobyte in the program in the npm package, even if only one of its packages has one.
func TestTheCoreHasNoMaps(t *testing.T) {
	for name, files := range tree(t) {
		if !drawing[name].pure {
			continue
		}
		for _, f := range files {
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				if _, is := n.(*ast.MapType); is && !strings.HasSuffix(f.name, "_test.go") {
					t.Errorf("%s: a map; text.Index and hostdriver's idTable are lighter", f.position(n))
				}
				return true
			})
		}
	}
}

// parked is how main of the wasm program waits forever, so that its exports can be called.
const parked = "select {}"

func concurrent(n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "go statement"
	case *ast.SendStmt:
		return "channel send"
	case *ast.ChanType:
		return "channel type"
	case *ast.SelectStmt:
		if len(n.Body.List) == 0 {
			return parked
		}
		return "select statement"
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			return "channel receive"
		}
	}
	return ""
}

// allocatorRoom has the allocator of TinyGo's build, which its linker looks for under a name of the runtime's.
const allocatorRoom = "internal/heap"

// Code for one platform is kept to a few packages, so that readers of the others need not think of platforms.
func TestJavaScriptStaysInItsRooms(t *testing.T) {
	for name, files := range tree(t) {
		for _, f := range files {
			if !slices.Contains(javaScriptRooms, name) {
				if f.taggedByName("js") || f.taggedByName("wasm") {
					t.Errorf("%s: only %s may have files for js", f.name, strings.Join(javaScriptRooms, ", "))
				}
				if tag := f.buildTag(); tag != nil && mentions(tag, "js", "wasm") {
					t.Errorf("%s: //go:build %s; only %s may have files for js", f.name, tag, strings.Join(javaScriptRooms, ", "))
				}
			}
			for _, c := range f.directives() {
				switch {
				case strings.HasPrefix(c.Text, "//go:linkname") && name != allocatorRoom:
					t.Errorf("%s: %s; linkname is forbidden, because it reaches into other packages' internals", f.position(c), c.Text)
				case strings.HasPrefix(c.Text, "//go:wasm") && name != hostRoom:
					t.Errorf("%s: %s; only %s may import from JavaScript and export to it", f.position(c), c.Text, hostRoom)
				}
			}
		}
	}
}

func mentions(x constraint.Expr, tags ...string) bool {
	found := false
	x.Eval(func(tag string) bool { // Eval asks for every tag, whatever the answers are.
		found = found || slices.Contains(tags, tag)
		return true
	})
	return found
}

func TestClosuresAreLight(t *testing.T) {
	for name, closure := range closures {
		if _, ok := tree(t)[name]; !ok {
			t.Errorf("closures has the package %s, which does not exist", name)
			continue
		}
		packages := linked(t, name)
		for path, p := range packages {
			if closure.refuses(p) {
				t.Errorf("%s links %s, which is forbidden; the imports that lead there: %s", name, path, packages.way(module+"/"+name, path))
			}
		}
	}
}

func (c closure) refuses(p linkedPackage) bool {
	if p.Standard {
		return slices.Contains(c.without, p.ImportPath)
	}
	return !within(p.ImportPath, module) && !slices.ContainsFunc(c.modules, func(m string) bool { return within(p.ImportPath, m) })
}

// The tests above pass while no rule is broken. This test shows that they can fail.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		room, path string
		refused    bool
	}{
		{"internal/attempts", "math", false},
		{"internal/attempts", "strconv", true},
		{"internal/attempts", "fmt", true},
		{"internal/attempts", "time", true},
		{"internal/attempts", module + "/grpcweb/status", false},
		{"internal/attempts", module + "/retry", true},
		{"retry", module + "/hedge", true},
		{"jsbridge", "github.com/hack-pad/safejs", false},
		{"jsbridge", "github.com/hack-pad/safejs-not", true},
		{"jsbridge", "syscall/js", true},
		{"grpcweb", "context", false},
		{"grpcweb", module + "/server", true},
		{"wasm", "unsafe", false},
		{"wasm", "syscall/js", true},
	} {
		if reason := drawing[c.room].refuses(c.path); (reason != "") != c.refused {
			t.Errorf("%s importing %s: %q", c.room, c.path, reason)
		}
	}
	for path, refused := range map[string]bool{"fmt": true, "strings": false} {
		if closures["wasm"].refuses(linkedPackage{ImportPath: path, Standard: true}) != refused {
			t.Errorf("wasm linking %s: want refused = %v", path, refused)
		}
	}
	if !closures["grpcweb"].refuses(linkedPackage{ImportPath: "google.golang.org/grpc"}) {
		t.Error("grpcweb may link grpc")
	}
}
