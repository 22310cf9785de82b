// Package demo holds the demo page.
package demo

import (
	"embed"
	"io/fs"
)

//go:embed index.html
var files embed.FS

// FS returns the files of the page; index.html is at its root.
func FS() fs.FS { return files }
