package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// listeners are the open ports and the HTTP server behind them.
type listeners struct {
	plain, tls  net.Listener // tls is nil when off
	certificate certificate
	server      http.Server
	failed      chan error // what ended a port that nobody closed
	serving     sync.WaitGroup
}

func listen(f flags) (*listeners, error) {
	l := &listeners{failed: make(chan error, 2)}
	var err error
	if l.plain, err = open("-addr", "PORT", f.addr); err != nil {
		return nil, err
	}
	if f.tlsAddr == "" {
		return l, nil
	}
	if l.certificate, err = newCertificate(time.Now()); err == nil {
		l.tls, err = open("-tls-addr", "TLS_PORT", f.tlsAddr)
	}
	if err != nil {
		return nil, errors.Join(err, l.plain.Close())
	}
	return l, nil
}

func open(flag, variable, addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s %s: another program listens there; stop it or choose another port with %s (make demo: %s=…)", flag, addr, flag, variable)
	case err != nil:
		return nil, fmt.Errorf("%s %s: %w; give host:port, or :port for all interfaces", flag, addr, err)
	}
	return listener, nil
}

// serve starts both ports and returns.
func (l *listeners) serve(handler http.Handler) {
	l.server = http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{l.certificate.pair},
			// Spelled out because net/http sets up HTTP/2 once a server, for whichever port is served first, and for a plain
			// one only when it is named here.
			NextProtos: []string{"h2", "http/1.1"},
		},
	}
	l.serving.Go(func() { l.report(l.server.Serve(l.plain)) })
	if l.tls != nil {
		l.serving.Go(func() { l.report(l.server.ServeTLS(l.tls, "", "")) })
	}
}

func (l *listeners) report(err error) {
	if !errors.Is(err, http.ErrServerClosed) {
		l.failed <- err
	}
}

// shutdown closes the ports at once, and the connections when their calls are done or grace has passed.
func (l *listeners) shutdown(grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := l.server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return l.server.Close()
}

func (l *listeners) close() {
	_ = l.server.Close()
	l.serving.Wait()
}

// addresses is what tests read to find the server.
type addresses struct {
	HTTP  string `json:"http"`
	HTTPS string `json:"https,omitempty"`
	// For Chromium's --ignore-certificate-errors-spki-list.
	SPKI string `json:"certificate_spki_sha256,omitempty"`
	// For clients that take a CA.
	PEM string `json:"certificate_pem,omitempty"`
}

// announce tells people and, if a file is named, programs where the server is.
func (l *listeners) announce(stdout io.Writer, file string) error {
	a := addresses{HTTP: "http://" + reachable(l.plain.Addr(), "127.0.0.1")}
	fmt.Fprintln(stdout, "http://"+reachable(l.plain.Addr(), "localhost"), "(HTTP/1.1)")
	if l.tls != nil {
		a.HTTPS = "https://" + reachable(l.tls.Addr(), "127.0.0.1")
		a.SPKI, a.PEM = l.certificate.spki, l.certificate.pem
		fmt.Fprintln(stdout, "https://"+reachable(l.tls.Addr(), "localhost"), "(HTTP/2, certificate made on the spot)")
	}
	if file != "" {
		text, err := json.MarshalIndent(a, "", "  ")
		if err == nil {
			err = writeWhole(file, append(text, '\n'))
		}
		if err != nil {
			return fmt.Errorf("-addresses %s: %w", file, err)
		}
	}
	fmt.Fprintln(stdout, "ready")
	return nil
}

// reachable is an address as a client on this machine writes it: a server on all interfaces answers on loopback.
func reachable(a net.Addr, loopback string) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = loopback
	}
	return net.JoinHostPort(host, port)
}

// port is the number that a listener took; 0 for no listener.
func port(l net.Listener) int {
	if l == nil {
		return 0
	}
	return l.Addr().(*net.TCPAddr).Port
}

// writeWhole writes a file that a reader never sees half written.
func writeWhole(name string, text []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // after the rename there is nothing to remove
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), name)
}
