// Command slim takes a fifth off what a Go program compiled to js/wasm weighs in a page. It
// removes the names and lines of functions, which only tracebacks print, and leaves alone what
// the running program reads:
//
//	GOOS=js GOARCH=wasm go build -trimpath -ldflags="-s -w" -o app.wasm .
//	go run github.com/hedgerow-web/hedgerow/jsbridge/slim app.wasm
//
// The program then runs as before, and as fast; its tracebacks have no names. The file is
// replaced, unless -o names another for the result. Any program will do, whether it uses
// Hedgerow or not, if it was linked by Go 1.26. The command changes nothing and fails if it
// finds anything that it does not know, if the program is slim already, and for other
// compilers' output.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/hedgerow-web/hedgerow/internal/slim"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit code: 0 if each program was slimmed, 1 if one was not, 2 if the
// arguments are wrong.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("slim", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: slim [-o slim.wasm] app.wasm\n\nRemoves from Go programs compiled to js/wasm what only tracebacks read.")
		flags.PrintDefaults()
	}
	output := flags.String("o", "", "write the result to this `file`, and leave the program as it is")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() != 1 {
		fmt.Fprintf(stderr, "slim: give one program, not %d\n", flags.NArg())
		flags.Usage()
		return 2
	}
	if *output == "" {
		*output = flags.Arg(0)
	}
	before, after, err := slimFile(flags.Arg(0), *output)
	if err != nil {
		fmt.Fprintln(stderr, "slim:", err)
		return 1
	}
	fmt.Fprintf(stdout, "%s: %d bytes, %.1f %% less\n", *output, after, 100*float64(before-after)/float64(before))
	return 0
}

// slimFile slims a program, and returns its size before and after.
func slimFile(program, output string) (before, after int, err error) {
	info, err := os.Stat(program)
	if err != nil {
		return 0, 0, err
	}
	wasm, err := os.ReadFile(program)
	if err != nil {
		return 0, 0, err
	}
	slimmed, err := slim.Slim(wasm)
	switch {
	case errors.Is(err, slim.ErrSlim):
		return 0, 0, fmt.Errorf("%s is slim already; nothing was written", program)
	case err != nil:
		return 0, 0, fmt.Errorf("%s cannot be slimmed, and nothing was written: %w", program, err)
	}
	return len(wasm), len(slimmed), replace(output, slimmed, info.Mode().Perm())
}

// replace writes a file in one step, so that a failure leaves what was there.
func replace(name string, content []byte, mode os.FileMode) error {
	next, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(next.Name()) // which fails if it has been renamed
	_, err = next.Write(content)
	if err == nil {
		err = next.Chmod(mode)
	}
	if err := errors.Join(err, next.Close()); err != nil {
		return err
	}
	return os.Rename(next.Name(), name)
}
