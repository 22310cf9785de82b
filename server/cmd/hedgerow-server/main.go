// Command hedgerow-server runs the server with which Hedgerow is tested and shown; see package server. Run it on your own machine, not
// at a public address.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/hedgerow-web/hedgerow/server"
	"github.com/hedgerow-web/hedgerow/server/launch"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "hedgerow-server:", err)
		os.Exit(1)
	}
}

type flags struct {
	addr, tlsAddr string
	addresses     string
	allowHeaders  string
	allowHosts    string
	allowOrigins  string
	site          string
	grace         time.Duration
	faults        server.Faults
}

func parse(args []string, stderr io.Writer) (flags, error) {
	var f flags
	set := flag.NewFlagSet("hedgerow-server", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.StringVar(&f.addr, "addr", "localhost:8080", "`address` to listen on for HTTP/1.1; :8080 means all interfaces, and port 0 any free port")
	set.StringVar(&f.tlsAddr, "tls-addr", "localhost:8443", "`address` to listen on for HTTPS (HTTP/2 and HTTP/1.1), with a self-signed certificate; empty for no HTTPS")
	set.StringVar(&f.addresses, "addresses", "", "write the addresses and the certificate to this `file`, as JSON, once both ports answer")
	set.StringVar(&f.allowHeaders, "allow-headers", "*", "request `headers` that pages of other origins may send, separated by commas; * allows all")
	set.StringVar(&f.allowHosts, "allow-host", "", "`names` by which this server may be called, separated by commas, besides localhost and its own addresses")
	set.StringVar(&f.allowOrigins, "allow-origin", "", "`origins` (https://app.example) whose pages may call this server, separated by commas, besides those on this machine; null means pages opened from the disk, and * allows all")
	set.StringVar(&f.site, "site", "", "serve this `directory` instead of the built-in demo page")
	set.DurationVar(&f.grace, "grace", 3*time.Second, "how long running calls may continue after a signal to stop")
	set.IntVar(&f.faults.Fail, "fail", 0, "fail the first `n` attempts of each call, those whose grpc-previous-rpc-attempts is below n")
	set.Float64Var(&f.faults.FailRate, "fail-rate", 0, "fail this `share` of all attempts, by chance: 0.3 fails three in ten")
	set.Func("fail-code", "`code` of these failures, as a name or a number (default UNAVAILABLE)", f.failCode)
	set.StringVar(&f.faults.Pushback, "pushback", "", "send grpc-retry-pushback-ms with these failures: how many `milliseconds` a client must wait; -1 forbids another attempt")
	set.DurationVar(&f.faults.Delay, "delay", 0, "let each attempt wait this long before its method begins, or before it fails")
	set.IntVar(&f.faults.DelayBelow, "delay-below", 0, "delay only the first `n` attempts of each call; 0 delays all")
	if err := set.Parse(args); err != nil {
		return f, err
	}
	if set.NArg() > 0 {
		return f, fmt.Errorf("unexpected argument %q: all settings are flags, see -help", set.Arg(0))
	}
	if err := f.faults.Check(); err != nil {
		field, rest, _ := strings.Cut(strings.TrimPrefix(err.Error(), "Faults."), " ")
		return f, fmt.Errorf("-%s %s", flagOf[field], rest)
	}
	return f, nil
}

// flagOf has the flag for each field of server.Faults.
var flagOf = map[string]string{
	"Fail": "fail", "FailRate": "fail-rate", "FailCode": "fail-code", "Pushback": "pushback", "Delay": "delay", "DelayBelow": "delay-below",
}

// failCode reads the flag of that name.
func (f *flags) failCode(text string) error {
	if _, err := strconv.Atoi(text); err != nil {
		text = strconv.Quote(strings.ToUpper(text))
	}
	if err := f.faults.FailCode.UnmarshalJSON([]byte(text)); err != nil || f.faults.FailCode == codes.OK {
		return errors.New("give a code with which calls fail, such as UNAVAILABLE, or a number from 1 to 16")
	}
	return nil
}

func (f flags) options() server.Options {
	o := server.Options{AllowHeaders: list(f.allowHeaders), AllowHosts: list(f.allowHosts), AllowOrigins: list(f.allowOrigins), Faults: f.faults}
	if f.site != "" {
		o.Site = os.DirFS(f.site)
	}
	return o
}

// list splits a flag's value at its commas.
func list(values string) []string {
	var all []string
	for value := range strings.SplitSeq(values, ",") {
		if value = strings.TrimSpace(value); value != "" {
			all = append(all, value)
		}
	}
	return all
}

// run serves until ctx ends, then closes everything it opened.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f, err := parse(args, stderr)
	if err != nil {
		return err
	}
	l, err := launch.Listen(f.addr, f.tlsAddr)
	if err != nil {
		return err
	}
	o := f.options()
	o.Ports = server.Ports{HTTP: l.HTTP(), HTTPS: l.HTTPS()}
	handler := server.New(o)
	defer handler.Close()
	l.Serve(handler)
	defer l.Close()
	if err := l.Announce(stdout, f.addresses); err != nil {
		return err
	}
	return l.Wait(ctx, stdout, f.grace)
}
