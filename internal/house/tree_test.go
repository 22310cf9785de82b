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

// A file is a Go file that is no test, read whatever its build tags say.
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

// skip leaves out what is no package of this module: hidden folders, testdata, what npm installed, and modules of their own.
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
		imported, _ := strconv.Unquote(spec.Path.Value) // the parser has checked it
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

// isStandard: paths of the standard library have no dot in their first element; modules of others begin with a host's name.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func within(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

// A linkedPackage is one of those that a program is made of, as the go command tells.
type linkedPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

type linkedPackages map[string]linkedPackage

// linked lists all that a room links when it is compiled to js/wasm, itself included.
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

// way is a shortest chain of imports from one package to another: who drags it in.
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
