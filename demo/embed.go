// Package demo embeds the demo page, which sends real calls with the built npm package and draws each of their attempts. Its README says
// which folder holds what.
package demo

import (
	"embed"
	"io/fs"
)

// dist contains what is built: the package, the messages and uPlot. In a fresh clone it contains only .gitkeep, so that this compiles; the
// page then says what to do.
//
//go:embed index.html icon.svg page model run draw console all:dist
var files embed.FS

// FS returns the files of the page, with index.html at the root.
func FS() fs.FS { return files }
