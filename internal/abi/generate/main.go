// Command generate writes the files that are generated from the table of the ABI between
// JavaScript and Go. Run it from the root of the repository: go run
// ./internal/abi/generate. With --check it writes nothing and fails if a file is stale.
package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/hedgerow-web/hedgerow/internal/abi/table"
)

func main() {
	check := len(os.Args) > 1 && os.Args[1] == "--check"
	for _, file := range table.Files() {
		if check {
			if committed, _ := os.ReadFile(file.Path); !bytes.Equal(committed, file.Content) {
				fail(file.Path + " is not what internal/abi/table makes: run make generate")
			}
		} else if err := os.WriteFile(file.Path, file.Content, 0o644); err != nil {
			fail(err.Error())
		}
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
