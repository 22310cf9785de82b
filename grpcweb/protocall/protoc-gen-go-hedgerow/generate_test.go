package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

var update = flag.Bool("update", false, "write what is generated now to the golden files")

// run runs the plugin as protoc does: it generates for the last file of a descriptor in testdata.
func run(t *testing.T, descriptor, parameter, suffix string) *pluginpb.CodeGeneratorResponse {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", descriptor+".txtpb"))
	if err != nil {
		t.Fatal(err)
	}
	var set descriptorpb.FileDescriptorSet
	if err := prototext.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	request := &pluginpb.CodeGeneratorRequest{
		FileToGenerate: []string{set.File[len(set.File)-1].GetName()}, ProtoFile: set.File, Parameter: proto.String(parameter),
	}
	plugin, err := protogen.Options{}.New(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := generate(plugin, suffix); err != nil {
		plugin.Error(err)
	}
	return plugin.Response()
}

func TestGolden(t *testing.T) {
	for _, c := range []struct{ descriptor, golden, parameter, suffix, file string }{
		{"library", "own_package", "", defaultSuffix, "example.com/library/v1/libraryv1hedgerow/library.hedgerow.go"},
		{"library", "own_package", "paths=source_relative", defaultSuffix, "library/v1/libraryv1hedgerow/library.hedgerow.go"},
		{"library", "own_package", "module=example.com/library", defaultSuffix, "v1/libraryv1hedgerow/library.hedgerow.go"},
		{"library", "same_package", "paths=source_relative", "", "library/v1/library.hedgerow.go"},
		{"context", "context", "", defaultSuffix, "example.com/log/context/contexthedgerow/context.hedgerow.go"},
		{"empty", "empty", "", defaultSuffix, "example.com/empty/emptyhedgerow/empty.hedgerow.go"},
	} {
		response := run(t, c.descriptor, c.parameter, c.suffix)
		if response.Error != nil || len(response.File) != 1 {
			t.Errorf("%q: got %d files and the error %q", c.parameter, len(response.File), response.GetError())
			continue
		}
		if got := response.File[0].GetName(); got != c.file {
			t.Errorf("%q: got the file %s, want %s", c.parameter, got, c.file)
		}
		golden := filepath.Join("testdata", c.golden+".golden")
		got := response.File[0].GetContent()
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		wanted, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(wanted) {
			t.Errorf("%q: what is generated differs from %s; if it should, run go test -update. It is:\n%s", c.parameter, golden, got)
		}
	}
}

func TestRefusedSuffix(t *testing.T) {
	for _, suffix := range []string{"/up", "-client", "with space"} {
		if got := run(t, "library", "", suffix).GetError(); !strings.Contains(got, "package_suffix="+suffix) {
			t.Errorf("%q: got %q", suffix, got)
		}
	}
}

// The plugin says what it supports, because protoc and buf refuse files of newer editions otherwise.
func TestFeatures(t *testing.T) {
	response := run(t, "library", "", defaultSuffix)
	if response.GetSupportedFeatures() != 3 || response.GetMaximumEdition() != int32(descriptorpb.Edition_EDITION_2024) {
		t.Errorf("got %v", response)
	}
}
