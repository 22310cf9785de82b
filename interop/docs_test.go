package interop_test

import (
	"os"
	"strings"
	"testing"
)

// Users read the same files with which the tests configure the proxies.
func TestDocsShowTheTestedConfigurations(t *testing.T) {
	page, err := os.ReadFile("../docs/proxies.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"nginx.conf.tmpl", "haproxy.cfg.tmpl"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), "\n"+string(text)+"```") {
			t.Errorf("docs/proxies.md does not show %s as it is", name)
		}
	}
}
