//go:build !js

package house

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// typeScriptRooms are the folders of wasm/npm/src, each with the folders that its files
// may import from, besides its own. The files at the top are the entries; they may import
// from every room. wasm/npm/src/README.md has the same table, with what the rooms are for.
var typeScriptRooms = map[string][]string{
	"":          {"cli", "testing", "inspector", "otel", "worker", "adapters", "channel", "carry", "call", "abi", "api"},
	"cli":       {"api"},
	"testing":   {"adapters", "api"},
	"inspector": {"api"},
	"otel":      {"api"},
	"worker":    {"channel", "call", "abi", "api"},
	"adapters":  {"channel", "carry", "call", "abi", "api"},
	"channel":   {"carry", "call", "abi", "api"},
	"carry":     {"call", "abi", "api"},
	"call":      {"abi", "api"},
	"abi":       {"api"},
	"api":       {},
}

const typeScriptSource = "wasm/npm/src"

// The npm package is layered in the same way as the Go packages are. Two
// rooms import an entry: hedgerow/testing, whose bundle imports "hedgerow" by name, so that
// a page has one copy of it, and the command line, which has the lists of hedgerow/cors.
func TestTypeScriptImportsGoDown(t *testing.T) {
	seen, imports := map[string]bool{}, 0
	err := fs.WalkDir(os.DirFS(root+"/"+typeScriptSource), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".ts" {
			return err
		}
		room := typeScriptRoom(name)
		seen[room] = true
		for _, found := range relativeImport.FindAllStringSubmatch(read(t, typeScriptSource+"/"+name), -1) {
			imports++
			if to := path.Join(path.Dir(name), found[1]); !mayImport(room, to) {
				t.Errorf("%s/%s imports %s: a file in %q may import only from %q", typeScriptSource, name, to, room, typeScriptRooms[room])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if rooms := slices.Sorted(maps.Keys(typeScriptRooms)); !slices.Equal(slices.Sorted(maps.Keys(seen)), rooms) || imports < 100 {
		t.Errorf("the rooms are %q, with %d imports; want %q, and at least 100", slices.Sorted(maps.Keys(seen)), imports, rooms)
	}
}

var relativeImport = regexp.MustCompile(`(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"`)

func mayImport(room, to string) bool {
	target := typeScriptRoom(to)
	entry := map[string]string{"testing": "index.js", "cli": "cors.js"}[room]
	return target == room || slices.Contains(typeScriptRooms[room], target) || to == entry
}

// typeScriptRoom returns the folder of a file; "" for an entry.
func typeScriptRoom(name string) string {
	room, _, inside := strings.Cut(name, "/")
	if !inside {
		return ""
	}
	return room
}

// What the test above must refuse.
func TestTypeScriptImportsThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		room, to string
		may      bool
	}{
		{"call", "abi/engine.js", true},
		{"call", "call/attempt.js", true},
		{"call", "carry/fetch.js", false},
		{"abi", "call/call.js", false},
		{"", "worker/worker-channel.js", true},
		{"channel", "index.js", false},
		{"testing", "index.js", true},
		{"testing", "fetch.js", false},
		{"cli", "cors.js", true},
		{"cli", "index.js", false},
		{"api", "unknown/x.js", false},
	} {
		if mayImport(c.room, c.to) != c.may {
			t.Errorf("may %q import %s: %v", c.room, c.to, !c.may)
		}
	}
	found := relativeImport.FindAllStringSubmatch(`import { a } from "./a.js"; export * from "../b/c.js"; const d = await import("./d.js"); import "./e.js"; import f from "f";`, -1)
	if len(found) != 4 {
		t.Errorf("found %q", found)
	}
}
