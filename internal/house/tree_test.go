//go:build !js

package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	module = "github.com/hedgerow-web/hedgerow"
	root   = "../.."
)

// file is a Go file that is not a test. Files are read whatever their build tags say.
type file struct {
	name   string // from the root
	syntax *ast.File
	files  *token.FileSet
}

var readTree = sync.OnceValues(func() (map[string][]file, error) {
	set := token.NewFileSet()
	built := map[string][]file{}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return skip(name, entry)
		case path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		syntax, err := parser.ParseFile(set, filepath.Join(root, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		built[path.Dir(name)] = append(built[path.Dir(name)], file{name, syntax, set})
		return err
	})
	return built, err
})

// skip leaves out folders that hold no package of this module: hidden ones, testdata, what npm installed, and other modules.
func skip(name string, entry fs.DirEntry) error {
	base := entry.Name()
	if name == "." {
		return nil
	}
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "node_modules" {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(root, name, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func tree(t *testing.T) map[string][]file {
	t.Helper()
	built, err := readTree()
	if err != nil {
		t.Fatal(err)
	}
	return built
}

func (f file) imports() []string {
	var paths []string
	for _, spec := range f.syntax.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value) // The parser has checked the quotes.
		paths = append(paths, imported)
	}
	return paths
}

func (f file) position(n ast.Node) string {
	p := f.files.Position(n.Pos())
	return f.name + ":" + strconv.Itoa(p.Line)
}

func (f file) taggedByName(tag string) bool {
	parts := strings.Split(strings.TrimSuffix(path.Base(f.name), ".go"), "_")
	return slices.Contains(parts[1:], tag)
}

func (f file) buildTag() constraint.Expr {
	for _, group := range f.syntax.Comments {
		for _, c := range group.List {
			if x, err := constraint.Parse(c.Text); err == nil && c.Pos() < f.syntax.Package {
				return x
			}
		}
	}
	return nil
}

func (f file) directives() []*ast.Comment {
	var found []*ast.Comment
	for _, group := range f.syntax.Comments {
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, "//go:") {
				found = append(found, c)
			}
		}
	}
	return found
}

// isStandard reports whether a package is of the standard library. Only there does the first element of a path have no dot: paths of
// modules begin with the name of a host.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func within(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

// linkedPackage is a package that a program links, as go list describes it.
type linkedPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

type linkedPackages map[string]linkedPackage

// linked lists all packages that a package links when it is compiled to js/wasm, itself included.
func linked(t *testing.T, name string) linkedPackages {
	t.Helper()
	command := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Imports", "./"+name)
	command.Dir = root
	command.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, problems.String())
	}
	packages := linkedPackages{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p linkedPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages[p.ImportPath] = p
	}
}

// way returns a shortest chain of imports that leads from one package to another.
func (packages linkedPackages) way(from, to string) string {
	ways := [][]string{{from}}
	seen := map[string]bool{from: true}
	for len(ways) > 0 {
		way := ways[0]
		ways = ways[1:]
		last := way[len(way)-1]
		if last == to {
			return strings.Join(way, " → ")
		}
		for _, next := range packages[last].Imports {
			if !seen[next] {
				seen[next] = true
				ways = append(ways, append(slices.Clone(way), next))
			}
		}
	}
	return "?"
}
