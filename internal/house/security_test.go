//go:build !js

package house

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// SECURITY.md names the test that keeps each promise. A promise whose test is gone is only a claim.
func TestPromisesHaveTests(t *testing.T) {
	text := read(t, "SECURITY.md")
	promises := 0
	for row := range strings.SplitSeq(text, "\n") {
		cells := strings.Split(row, " | ")
		if len(cells) != 2 || !strings.HasPrefix(row, "| ") || strings.HasPrefix(row, "| promise") {
			continue
		}
		promises++
		if named := namedTests(t, cells[1]); named == 0 {
			t.Errorf("SECURITY.md names no test for the promise %q", strings.TrimPrefix(cells[0], "| "))
		}
	}
	if promises < 15 {
		t.Errorf("SECURITY.md has only %d promises: has the form of its tables changed?", promises)
	}
	namedTests(t, text)
}

var testNamed = regexp.MustCompile("(?:`([^`]+)`\\s+in\\s+)?`([a-z][\\w./-]*_?[.]?test\\.(?:go|ts))`")

// namedTests counts the tests that a text names, by a file or by a name in a file, and reports those that are not there.
func namedTests(t *testing.T, text string) int {
	t.Helper()
	found := testNamed.FindAllStringSubmatch(text, -1)
	for _, match := range found {
		name, file := match[1], match[2]
		source, err := os.ReadFile(path.Join(root, file))
		if err != nil {
			t.Errorf("SECURITY.md names the tests in %s, which is not there", file)
			continue
		}
		declared := "func " + name + "("
		if strings.HasSuffix(file, ".ts") {
			declared = `test("` + name
		}
		if name != "" && !strings.Contains(string(source), declared) {
			t.Errorf("SECURITY.md names the test %q in %s, which has none of that name", name, file)
		}
	}
	return len(found)
}
