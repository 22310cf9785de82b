// Command connect-server runs the server of package interop, as hedgerow-server runs that of package server. It writes its addresses to
// a file of the same form.
package main

import (
	"context"
	"flag"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hedgerow-web/hedgerow/interop"
	"github.com/hedgerow-web/hedgerow/server/launch"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "`address` to listen on for HTTP/1.1")
	tlsAddr := flag.String("tls-addr", "127.0.0.1:0", "`address` to listen on for HTTPS (HTTP/2 and HTTP/1.1), with a self-signed certificate")
	file := flag.String("addresses", "", "write the addresses and the certificate to this `file`, as JSON, before printing ready")
	executions := flag.String("executions", "", "append a line to this `file` for each attempt of a call that begins: call id, and how many attempts came before")
	key := flag.String("key", "", "write the certificate and its private key to this `file`, for a proxy on this machine")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, *tlsAddr, *file, *key, *executions); err != nil {
		log.Fatal("connect-server: ", err)
	}
}

func run(ctx context.Context, addr, tlsAddr, file, key, executions string) error {
	l, err := launch.Listen(addr, tlsAddr)
	if err != nil {
		return err
	}
	var begun io.Writer
	if executions != "" {
		f, err := os.OpenFile(executions, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer f.Close()
		begun = f
	}
	l.Serve(interop.New(begun))
	defer l.Close()
	if key != "" {
		if err := l.WriteKey(key); err != nil {
			return err
		}
	}
	if err := l.Announce(os.Stdout, file); err != nil {
		return err
	}
	return l.Wait(ctx, os.Stdout, 3*time.Second)
}
