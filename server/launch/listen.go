// Package launch is shared by the commands that run a server. It opens a port for HTTP/1.1 and one for HTTPS with a self-signed
// certificate, and writes a file in which tests find the addresses.
package launch

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
	"strings"
	"sync"
	"syscall"
	"time"
)

// Listeners are the open ports and the HTTP server behind them.
type Listeners struct {
	plain, tls  *port // tls is nil if -tls-addr is empty
	certificate certificate
	server      http.Server
	failed      chan error // receives the error of a port that failed
	serving     sync.WaitGroup
}

// port is what listens at the address that a flag gives. On localhost it listens on both loopback addresses, because clients differ
// in which they try first, and another program that listens on the other address would get their calls.
type port struct {
	host string // as the flag gives it, without the port's number
	open []net.Listener
}

// Listen opens the ports that the flags -addr and -tls-addr give, as host:port. If tlsAddr is empty, there is no HTTPS.
func Listen(addr, tlsAddr string) (*Listeners, error) {
	l := &Listeners{failed: make(chan error, 4)}
	var err error
	if l.plain, err = open("-addr", "PORT", addr); err != nil {
		return nil, err
	}
	if tlsAddr == "" {
		return l, nil
	}
	if l.certificate, err = newCertificate(time.Now()); err == nil {
		l.tls, err = open("-tls-addr", "TLS_PORT", tlsAddr)
	}
	if err != nil {
		return nil, errors.Join(err, l.plain.close())
	}
	return l, nil
}

func open(flag, variable, addr string) (*port, error) {
	host, number, err := net.SplitHostPort(addr)
	if err != nil || host != "localhost" {
		listener, err := openOne(flag, variable, addr, addr)
		return &port{host, []net.Listener{listener}}, err
	}
	p := &port{host: host}
	for _, ip := range []string{"127.0.0.1", "::1"} {
		listener, err := openOne(flag, variable, addr, net.JoinHostPort(ip, number))
		switch {
		case err == nil:
			p.open = append(p.open, listener)
			// If the number is 0, a free port was taken. The second address must have the same one.
			_, number, _ = net.SplitHostPort(listener.Addr().String())
		case ip == "127.0.0.1":
			return nil, err
		case errors.Is(err, syscall.EADDRINUSE) && !strings.HasSuffix(addr, ":0"):
			return nil, errors.Join(err, p.close())
		}
		// A machine may lack IPv6.
	}
	return p, nil
}

func openOne(flag, variable, addr, at string) (net.Listener, error) {
	listener, err := net.Listen("tcp", at)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s %s: another program listens there; stop it, or choose another port with %s (with make demo: %s=…): %w", flag, addr, flag, variable, err)
	case err != nil:
		return nil, fmt.Errorf("%s %s: %w; give host:port, or :port for all interfaces", flag, addr, err)
	}
	return listener, nil
}

func (p *port) close() error {
	var all error
	for _, l := range p.open {
		all = errors.Join(all, l.Close())
	}
	return all
}

// number returns the port's number, and 0 for no port.
func (p *port) number() int {
	if p == nil {
		return 0
	}
	return p.open[0].Addr().(*net.TCPAddr).Port
}

// HTTP returns the number of the port for HTTP/1.1.
func (l *Listeners) HTTP() int { return l.plain.number() }

// HTTPS returns the number of the port for HTTPS, and 0 if there is none.
func (l *Listeners) HTTPS() int { return l.tls.number() }

// Serve starts both ports and returns.
func (l *Listeners) Serve(handler http.Handler) {
	l.server = http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{l.certificate.pair},
			// net/http sets up HTTP/2 once for a server, when its first port is served. If that is the plain one, it does so only
			// where HTTP/2 is named here.
			NextProtos: []string{"h2", "http/1.1"},
		},
	}
	for _, one := range l.plain.open {
		l.serving.Go(func() { l.report(l.server.Serve(one)) })
	}
	if l.tls == nil {
		return
	}
	for _, one := range l.tls.open {
		l.serving.Go(func() { l.report(l.server.ServeTLS(one, "", "")) })
	}
}

func (l *Listeners) report(err error) {
	if !errors.Is(err, http.ErrServerClosed) {
		l.failed <- err
	}
}

// Wait waits until ctx ends, and then shuts down. If a port fails before, it returns that error.
func (l *Listeners) Wait(ctx context.Context, stdout io.Writer, grace time.Duration) error {
	select {
	case err := <-l.failed:
		return err
	case <-ctx.Done():
	}
	fmt.Fprintln(stdout, "stopping")
	return l.shutdown(grace)
}

// shutdown closes the ports at once, and the connections when their calls have ended or grace has passed.
func (l *Listeners) shutdown(grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := l.server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return l.server.Close()
}

// Close closes the ports and all connections at once.
func (l *Listeners) Close() {
	_ = l.server.Close()
	l.serving.Wait()
}

// Addresses is what the file of -addresses holds. Tests read it to find the server.
type Addresses struct {
	HTTP  string `json:"http"`
	HTTPS string `json:"https,omitempty"`
	// SPKI is for Chromium's option --ignore-certificate-errors-spki-list.
	SPKI string `json:"certificate_spki_sha256,omitempty"`
	// PEM is for clients that can be told which certificates to trust.
	PEM string `json:"certificate_pem,omitempty"`
}

// Announce prints where the server listens. If a file is named, it is written there too, for programs.
func (l *Listeners) Announce(stdout io.Writer, file string) error {
	a := Addresses{HTTP: "http://" + l.plain.reachable("127.0.0.1")}
	fmt.Fprintln(stdout, "http://"+l.plain.reachable("localhost"), "(HTTP/1.1)")
	if l.tls != nil {
		a.HTTPS = "https://" + l.tls.reachable("127.0.0.1")
		a.SPKI, a.PEM = l.certificate.spki, l.certificate.pem
		fmt.Fprintln(stdout, "https://"+l.tls.reachable("localhost"), "(HTTP/2, self-signed certificate)")
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

// WriteKey writes the certificate and its private key to a file, for a proxy on this machine.
func (l *Listeners) WriteKey(file string) error {
	if err := writeWhole(file, []byte(l.certificate.pem+l.certificate.key)); err != nil {
		return fmt.Errorf("-key %s: %w", file, err)
	}
	return nil
}

// reachable returns the address at which a client on this machine can reach the port. The host is the given one if the port listens
// on localhost or on all interfaces.
func (p *port) reachable(loopback string) string {
	host, number, err := net.SplitHostPort(p.open[0].Addr().String())
	if err != nil {
		return p.open[0].Addr().String()
	}
	if ip := net.ParseIP(host); p.host == "localhost" || ip == nil || ip.IsUnspecified() {
		host = loopback
	}
	return net.JoinHostPort(host, number)
}

// writeWhole writes a file so that no reader ever sees a part of it.
func writeWhole(name string, text []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // After the rename there is nothing left to remove.
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), name)
}
