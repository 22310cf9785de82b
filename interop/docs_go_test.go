package interop_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocsGoFromAClone does what docs/go.md tells somebody to do who has only a clone: it copies the page and builds it. It does not
// serve it, which the tests of the demo page do.
func TestDocsGoFromAClone(t *testing.T) {
	dir := besideAClone(t)
	commands := commandsOf(t, "From a clone to a retried call")[1]
	build, _, found := strings.Cut(commands, "go run ./serve")
	if !found {
		t.Fatal("docs/go.md does not serve the page that it builds")
	}
	sh(t, dir, build)
	for _, name := range []string{"app.wasm", "wasm_exec.js", "index.html", "boot.js"} {
		if _, err := os.Stat(filepath.Join(dir, "app/dist", name)); err != nil {
			t.Error(err)
		}
	}
}

const greeter = `syntax = "proto3";
package greeter;
option go_package = "example.com/app/gen/greeter";
service Greeter { rpc SayHello(HelloRequest) returns (HelloReply); }
message HelloRequest { string name = 1; }
message HelloReply { string message = 1; }
`

// TestDocsGoGenerates generates code with protoc in a module of its own, as docs/go.md says, and compiles it.
func TestDocsGoGenerates(t *testing.T) {
	if _, err := exec.LookPath("protoc"); err != nil {
		t.Skip("protoc is not installed")
	}
	dir := filepath.Join(besideAClone(t), "app")
	if err := os.MkdirAll(filepath.Join(dir, "proto/greeter"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.mod"), []byte("module example.com/app\n\ngo 1.26.0\n"))
	write(t, filepath.Join(dir, "proto/greeter/greeter.proto"), []byte(greeter))
	generate := commandsOf(t, "Generated clients")
	sh(t, dir, commandsOf(t, "From a clone to a retried call")[2]+generate[len(generate)-1]+"go mod tidy\ngo vet ./...\n")
	for _, name := range []string{"greeter.pb.go", "greeterhedgerow/greeter.hedgerow.go"} {
		if _, err := os.Stat(filepath.Join(dir, "gen/greeter", name)); err != nil {
			t.Error(err)
		}
	}
}

// besideAClone returns a folder in which this repository has the name of a clone.
func besideAClone(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(root, filepath.Join(dir, "hedgerow")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// commandsOf returns the blocks of commands in a section of docs/go.md.
func commandsOf(t *testing.T, section string) []string {
	t.Helper()
	page, err := os.ReadFile("../docs/go.md")
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile("(?ms)^## " + section + "\n.*?^## ").FindString(string(page))
	var commands []string
	for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		commands = append(commands, block[1])
	}
	if len(commands) < 2 {
		t.Fatalf("the section %q of docs/go.md has %d blocks of commands", section, len(commands))
	}
	return commands
}

func sh(t *testing.T, dir, commands string) {
	t.Helper()
	run := exec.Command("sh", "-euc", commands)
	run.Dir = dir
	run.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
