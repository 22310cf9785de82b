//go:build !js

package house

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/hedgerow-web/hedgerow/internal/abi/table"
)

// JavaScript and Go read the same numbers because both sides are made of one table.
func TestTheABIIsMadeOfItsTable(t *testing.T) {
	for _, file := range table.Files() {
		committed, err := os.ReadFile(filepath.Join(root, file.Path))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(committed, file.Content) {
			t.Errorf("%s is not what internal/abi/table makes: run go run ./internal/abi/generate (make generate does it too)", file.Path)
		}
	}
}
