//go:build !js

package house

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Code cites a rule as SEMANTICS 2.9a, so that a reader can look it up. A citation
// of a clause that does not exist sends the reader nowhere.
func TestCitedClausesExist(t *testing.T) {
	clauses := allClauses(t)
	if len(clauses) < 200 {
		t.Fatalf("SEMANTICS.md has only %d clauses: has its form changed?", len(clauses))
	}
	cited := 0
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return skipUnread(name, entry)
		case !slices.Contains(readable, path.Ext(name)), name == "internal/house/citations_test.go":
			return nil
		}
		for _, clause := range citationsIn(read(t, name)) {
			if cited++; !clauses[clause] {
				t.Errorf("%s cites SEMANTICS %s, which is neither in SEMANTICS.md nor in docs/extensions.md", name, clause)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if cited < 50 {
		t.Errorf("only %d citations were found: has their form changed?", cited)
	}
}

// ruleFiles hold the clauses: those of gRPC, and those of what Hedgerow adds to it, which begin with section 8.
var ruleFiles = []string{"SEMANTICS.md", "docs/extensions.md"}

// allClauses returns the clauses of both files, which must not have any in common.
func allClauses(t *testing.T) map[string]bool {
	t.Helper()
	clauses := map[string]bool{}
	for _, file := range ruleFiles {
		for clause := range clausesOf(read(t, file)) {
			if clauses[clause] {
				t.Errorf("%s has the clause %s again", file, clause)
			}
			clauses[clause] = true
		}
	}
	return clauses
}

// Rules refer to other rules, and docs/decisions.md explains rules by their numbers. All
// of these must exist.
func TestClausesReferToClauses(t *testing.T) {
	clauses := allClauses(t)
	for _, file := range ruleFiles {
		for _, clause := range letteredPattern.FindAllString(code.ReplaceAllString(read(t, file), ""), -1) {
			if !clauses[clause] {
				t.Errorf("%s refers to %s, which does not exist", file, clause)
			}
		}
	}
	for _, bold := range boldPattern.FindAllStringSubmatch(read(t, "docs/decisions.md"), -1) {
		for _, clause := range clausePattern.FindAllString(bold[1], -1) {
			if !clauses[clause] {
				t.Errorf("docs/decisions.md explains %s, which does not exist", clause)
			}
		}
	}
}

// The checks above pass while nothing is wrong. This test shows that they can fail.
func TestCitations(t *testing.T) {
	for text, want := range map[string]string{
		"// obeys (SEMANTICS 2.9a).":                      "2.9a",
		"// (SEMANTICS 2.3d, 3.3, and more)":              "2.3d 3.3",
		"// (SEMANTICS 1.4 V9, V10, V12).":                "1.4 V9 V10 V12",
		"// (SEMANTICS 1.4, V1 to V11).":                  "1.4 V1 V11",
		"// the server's, exactly (SEMANTICS\n\t// 2.6b)": "2.6b",
		" * as in gRPC (SEMANTICS 5.1,\n * strict).":      "5.1",
		"// SEMANTICS 2.3d, 2.3f to 2.3i, and the table":  "2.3d 2.3f 2.3i",
		"// as SEMANTICS 6. says":                         "6",
		"[SEMANTICS.md](SEMANTICS.md) has 104 scenarios":  "",
	} {
		if got := strings.Join(citationsIn(text), " "); got != want {
			t.Errorf("%q cites %q, want %q", text, got, want)
		}
	}
	clauses := clausesOf("### 2.9 Transparent retry\n- 2.9a Never 5.5d.\n\n- V3 cap\n")
	if !clauses["2.9"] || !clauses["2.9a"] || !clauses["V3"] || clauses["2.9b"] || clauses["5.5d"] {
		t.Errorf("clauses: %v", clauses)
	}
}

var (
	readable = []string{".go", ".ts", ".mjs", ".js", ".md", ".sh", ".html"}
	// A citation may name several clauses, with commas or words between them, and may go on in the comment's next line.
	citationPattern = regexp.MustCompile(`SEMANTICS[\s/*#]+((?:\d+(?:\.\d+[a-z]?)?\b|V\d+\b)(?:(?:,|\sand|\sto|\sor|,\sand)?[\s/*#]+(?:\d+\.\d+[a-z]?\b|V\d+\b))*)`)
	clausePattern   = regexp.MustCompile(`\b(?:\d+(?:\.\d+[a-z]?)?|V\d+)\b`)
	letteredPattern = regexp.MustCompile(`\b(?:\d+\.\d+[a-z]?|V\d+)\b`)
	ownPattern      = regexp.MustCompile(`(?m)^(?:### (\d+\.\d+) |- (\d+\.\d+[a-z]|V\d+) )`)
	boldPattern     = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	code            = regexp.MustCompile("`[^`\n]*`")
)

// citationsIn returns the clauses that a text cites.
func citationsIn(text string) []string {
	var cited []string
	for _, match := range citationPattern.FindAllStringSubmatch(text, -1) {
		cited = append(cited, clausePattern.FindAllString(match[1], -1)...)
	}
	return cited
}

// clausesOf returns the clauses of a specification: its headings, its lettered lines, and its numbered rules of validation.
func clausesOf(specification string) map[string]bool {
	clauses := map[string]bool{}
	for _, match := range ownPattern.FindAllStringSubmatch(specification, -1) {
		clauses[match[1]+match[2]] = true
	}
	return clauses
}

// skipUnread leaves out folders that are built, installed or recorded, and hidden ones other than .ci.
func skipUnread(name string, entry fs.DirEntry) error {
	base := entry.Name()
	switch {
	case name == "." || strings.HasPrefix(name, ".ci"):
		return nil
	case strings.HasPrefix(base, "."), strings.HasPrefix(base, "dist"), slices.Contains(unread, base):
		return fs.SkipDir
	}
	return nil
}

var unread = []string{"node_modules", "testdata", "build", "bin", "coverage", "test-dist"}
