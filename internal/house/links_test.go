//go:build !js

package house

import (
	"os/exec"
	"strings"
	"testing"
)

// A symbolic link that is committed points to somewhere on the machine of whoever made it.
func TestNoLinksAreCommitted(t *testing.T) {
	command := exec.Command("git", "ls-files", "--stage")
	command.Dir = root
	output, err := command.Output()
	if err != nil {
		t.Skipf("this is not a clone, or git is missing: %v", err)
	}
	files := 0
	for line := range strings.SplitSeq(string(output), "\n") {
		if files++; strings.HasPrefix(line, "120000 ") {
			t.Errorf("a symbolic link is committed: %s", line)
		}
	}
	if files < 500 {
		t.Errorf("git lists only %d files: has the form of its list changed?", files)
	}
}
