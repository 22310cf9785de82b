// Command connect-server runs the server of package interop, as hedgerow-server runs that of package server, and with the same
// file of addresses. It ends when it is killed.
package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/hedgerow-web/hedgerow/interop"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "listen here for HTTP/1.1")
	tlsAddr := flag.String("tls-addr", "127.0.0.1:0", "listen here for HTTPS (HTTP/2 and HTTP/1.1) with a certificate made on the spot")
	file := flag.String("addresses", "", "write the addresses and the certificate to this `file`, as JSON, before saying ready")
	key := flag.String("key", "", "write the certificate and its private key to this `file`, for a proxy on this machine")
	flag.Parse()
	if err := run(*addr, *tlsAddr, *file, *key); err != nil {
		log.Fatal("connect-server: ", err)
	}
}

// addresses is what tests read to find the server.
type addresses struct {
	HTTP  string `json:"http"`
	HTTPS string `json:"https"`
	SPKI  string `json:"certificate_spki_sha256"`
	PEM   string `json:"certificate_pem"`
}

func run(addr, tlsAddr, file, key string) error {
	certificate, err := newCertificate(time.Now())
	if err != nil {
		return err
	}
	plain, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	secure, err := net.Listen("tcp", tlsAddr)
	if err != nil {
		return err
	}
	server := http.Server{
		Handler:           interop.New(),
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{certificate.pair},
			NextProtos:   []string{"h2", "http/1.1"}, // net/http asks once a server, whichever port is served first
		},
	}
	ended := make(chan error)
	go func() { ended <- server.Serve(plain) }()
	go func() { ended <- server.ServeTLS(secure, "", "") }()
	text, err := json.Marshal(addresses{
		HTTP:  "http://" + plain.Addr().String(),
		HTTPS: "https://" + secure.Addr().String(),
		SPKI:  certificate.spki,
		PEM:   certificate.pem,
	})
	if err != nil {
		return err
	}
	if err := write(file, string(text)); err != nil {
		return err
	}
	if err := write(key, certificate.pem+certificate.key); err != nil {
		return err
	}
	fmt.Println("ready")
	return <-ended
}

func write(file, text string) error {
	if file == "" {
		return nil
	}
	return os.WriteFile(file, []byte(text), 0o600)
}
