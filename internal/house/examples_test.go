//go:build !js

package house

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// notForImport are the packages, besides commands and internal ones, that no user's program imports, with the reason.
var notForImport = map[string]string{
	"conformance/proto/connectrpc/conformance/v1": "generated, for the conformance suite",
	"demo":                                  "files of the demo page",
	"jsbridge/host":                         "the npm package's own WebAssembly",
	"server":                                "used by its command",
	"server/launch":                         "used by commands",
	"server/proto/chaos/v1":                 "generated, for the server of the tests",
	"server/proto/chaos/v1/chaosv1hedgerow": "generated, for the server of the tests",
	"server/proto/helloworld":               "generated, for the server of the tests",
	"server/proto/helloworld/helloworldhedgerow": "generated, for the server of the tests",
	"server/script": "used by the servers of the tests",
}

// notRun are the packages whose examples only compile, with the reason.
var notRun = map[string]string{
	"jsbridge": "its examples need a page, or Node, and a server",
}

// Whoever reads a package with go doc or on pkg.go.dev finds what it is for, and how it is used, in code that is known to work.
func TestPublicPackagesHaveExamples(t *testing.T) {
	for name, files := range tree(t) {
		if strings.HasPrefix(name, "internal/") || strings.Contains(name, "/internal/") {
			continue
		}
		if !explained(files) {
			t.Errorf("%s has no package comment", name)
		}
		_, exempt := notForImport[name]
		if exempt || files[0].syntax.Name.Name == "main" {
			continue
		}
		examples, run := examplesOf(t, name)
		_, need := notRun[name]
		switch {
		case examples == 0:
			t.Errorf("%s has no example: add a function Example to its example_test.go", name)
		case run == 0 && !need:
			t.Errorf("no example of %s is run: give one a comment // Output:", name)
		}
	}
	for _, names := range []map[string]string{notForImport, notRun} {
		for name := range names {
			if _, ok := tree(t)[name]; !ok {
				t.Errorf("%s does not exist any more", name)
			}
		}
	}
}

// explained reports whether one of a package's files has its comment.
func explained(files []file) bool {
	for _, f := range files {
		if f.syntax.Doc != nil {
			return true
		}
	}
	return false
}

// examplesOf counts a package's examples, and those of them that tests run.
func examplesOf(t *testing.T, name string) (examples, run int) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, name, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	set := token.NewFileSet()
	for _, path := range paths {
		f, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	for _, e := range doc.Examples(files...) {
		examples++
		if e.Output != "" || e.EmptyOutput {
			run++
		}
	}
	return examples, run
}
