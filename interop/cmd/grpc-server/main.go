// Command grpc-server runs the server of package grpcgo, as connect-server runs that of package interop.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hedgerow-web/hedgerow/interop/grpcgo"
	"github.com/hedgerow-web/hedgerow/server/launch"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "`address` to listen on for HTTP/1.1")
	tlsAddr := flag.String("tls-addr", "127.0.0.1:0", "`address` to listen on for HTTPS (HTTP/2 and HTTP/1.1), with a self-signed certificate")
	file := flag.String("addresses", "", "write the addresses and the certificate to this `file`, as JSON, before printing ready")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, *tlsAddr, *file); err != nil {
		log.Fatal("grpc-server: ", err)
	}
}

func run(ctx context.Context, addr, tlsAddr, file string) error {
	l, err := launch.Listen(addr, tlsAddr)
	if err != nil {
		return err
	}
	l.Serve(grpcgo.NewServer())
	defer l.Close()
	if err := l.Announce(os.Stdout, file); err != nil {
		return err
	}
	return l.Wait(ctx, os.Stdout, 3*time.Second)
}
