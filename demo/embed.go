// Package demo holds the demo page: it sends real calls with the built npm package and draws each of their attempts.
package demo

import (
	"embed"
	"io/fs"
)

// dist holds what is built: the package, the messages and uPlot. In a fresh clone it is empty but for .gitkeep, so that this compiles;
// the page then says what to do.
//
//go:embed index.html icon.svg page model run draw all:dist
var files embed.FS

// FS returns the files of the page; index.html is at its root.
func FS() fs.FS { return files }
