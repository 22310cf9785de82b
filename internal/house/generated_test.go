//go:build !js

package house

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/hedgerow-web/hedgerow/internal/abi/table"
)

// JavaScript and Go agree on the ABI because the code of both is generated from one table.
func TestTheABIIsMadeOfItsTable(t *testing.T) {
	for _, file := range table.Files() {
		committed, err := os.ReadFile(filepath.Join(root, file.Path))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(committed, file.Content) {
			t.Errorf("%s is not what internal/abi/table generates: run go run ./internal/abi/generate, or make generate", file.Path)
		}
	}
}
