//go:build !js

package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What the core reads of a text comes from servers, from storage or from other people's files. Whoever exports a function that parses text
// gives it a fuzz target too, in which it is called by its name. (The exports of the ABI are called by those of internal/hostdriver.)
func TestParsersAreFuzzed(t *testing.T) {
	fuzzed := fuzzedNames(t)
	found := 0
	for name, files := range tree(t) {
		if !drawing[name].pure {
			continue
		}
		for _, f := range files {
			for _, parser := range parsers(f.syntax) {
				found++
				if !slices.Contains(fuzzed, parser.Name.Name) {
					t.Errorf("%s: %s parses text, and no fuzz target mentions it: add one to the tests of its package", f.position(parser), parser.Name.Name)
				}
			}
		}
	}
	if found < 15 {
		t.Errorf("only %d functions that parse were found: have their names another form?", found)
	}
}

var parses = regexp.MustCompile("^(Parse|Decode|Read|Restore)")

// parsers are the exported functions and methods of a file whose names say that they parse, and that are given text.
func parsers(of *ast.File) (found []*ast.FuncDecl) {
	for _, d := range of.Decls {
		f, is := d.(*ast.FuncDecl)
		if is && parses.MatchString(f.Name.Name) && slices.ContainsFunc(f.Type.Params.List, func(p *ast.Field) bool { return isText(p.Type) }) {
			found = append(found, f)
		}
	}
	return found
}

func isText(of ast.Expr) bool {
	if list, is := of.(*ast.ArrayType); is {
		of = list.Elt
	}
	name, is := of.(*ast.Ident)
	return is && (name.Name == "string" || name.Name == "byte")
}

// fuzzedNames are all names in fuzz targets, and in the files of tests that have some.
func fuzzedNames(t *testing.T) (names []string) {
	t.Helper()
	for folder := range tree(t) {
		tests, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range tests {
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(source), "\nfunc Fuzz") {
				names = append(names, namesIn(t, name, source)...)
			}
		}
	}
	return names
}

func namesIn(t *testing.T, name string, source []byte) (names []string) {
	t.Helper()
	syntax, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(syntax, func(n ast.Node) bool {
		if called, is := n.(*ast.Ident); is {
			names = append(names, called.Name)
		}
		return true
	})
	return names
}
