package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/hedgerow-web/hedgerow/server"
	"github.com/hedgerow-web/hedgerow/server/launch"
	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

func TestMain(m *testing.M) {
	// A timer package that the wrapper uses starts this goroutine in its init, and never ends it.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/desertbit/timer.timerRoutine"))
}

// running is the command, started inside the test.
type running struct {
	addresses launch.Addresses
	lines     []string // what it printed
	signal    context.CancelFunc
	ended     <-chan error
}

// begin starts the command, and returns when it has announced its addresses. The test must stop it.
func begin(t *testing.T, args ...string) *running {
	t.Helper()
	file := filepath.Join(t.TempDir(), "addresses.json")
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"-addr", "127.0.0.1:0", "-tls-addr", "127.0.0.1:0", "-addresses", file}, args...), w, io.Discard)
		_ = w.Close()
		ended <- err
	}()
	c := &running{signal: cancel, ended: ended}
	// The command prints "ready" after it has written the file.
	c.lines = readUntil(t, r, "ready\n")
	go func() { _, _ = io.Copy(io.Discard, r) }()
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &c.addresses)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func readUntil(t *testing.T, r io.Reader, end string) []string {
	t.Helper()
	var text []byte
	buffer := make([]byte, 256)
	for !strings.HasSuffix(string(text), end) {
		n, err := r.Read(buffer)
		text = append(text, buffer[:n]...)
		if err != nil {
			t.Fatalf("the command printed %q and ended: %v", text, err)
		}
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// stop signals the command and returns how long it took to end, and its error.
func (c *running) stop() (time.Duration, error) {
	begin := time.Now()
	c.signal()
	err := <-c.ended
	return time.Since(begin), err
}

// trusting returns a client that trusts the certificate in the addresses.
func trusting(t *testing.T, a launch.Addresses) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(a.PEM)) {
		t.Fatalf("no certificate in %q", a.PEM)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func get(t *testing.T, c *http.Client, url string) *http.Response {
	t.Helper()
	response, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	response.Body.Close()
	return response
}

func TestServesBothPorts(t *testing.T) {
	c := begin(t)
	client := trusting(t, c.addresses)
	if r := get(t, client, c.addresses.HTTP); r.StatusCode != 200 || r.Proto != "HTTP/1.1" {
		t.Errorf("%s answered %s over %s", c.addresses.HTTP, r.Status, r.Proto)
	}
	r := get(t, client, c.addresses.HTTPS)
	if r.StatusCode != 200 || r.Proto != "HTTP/2.0" {
		t.Errorf("%s answered %s over %s", c.addresses.HTTPS, r.Status, r.Proto)
	}
	sum := sha256.Sum256(r.TLS.PeerCertificates[0].RawSubjectPublicKeyInfo)
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != c.addresses.SPKI {
		t.Errorf("the certificate has the key hash %s, the file says %s", got, c.addresses.SPKI)
	}
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(c.addresses.HTTPS, "https://"))
	get(t, client, "https://localhost:"+port)
	if !strings.HasPrefix(c.lines[0], c.addresses.HTTP) || !strings.HasPrefix(c.lines[1], c.addresses.HTTPS) {
		t.Errorf("printed %q, want the two addresses, one a line", c.lines)
	}
	client.CloseIdleConnections()
	if _, err := c.stop(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

// hang begins a call that lasts until the server breaks it, and returns when its response head has come.
func hang(t *testing.T, c *http.Client, url string) io.ReadCloser {
	t.Helper()
	payload, err := proto.Marshal(&chaosv1.Request{Steps: []*chaosv1.Step{{EarlyHeader: true, End: &chaosv1.Step_Hang{}}}})
	if err != nil {
		t.Fatal(err)
	}
	body := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(payload))), payload...)
	response, err := c.Post(url+"/hedgerow.chaos.v1.Chaos/Stream", "application/grpc-web+proto", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return response.Body
}

func TestStopsWithinItsGrace(t *testing.T) {
	c := begin(t, "-grace", "50ms")
	client := trusting(t, c.addresses)
	for _, url := range []string{c.addresses.HTTP, c.addresses.HTTPS} {
		body := hang(t, client, url)
		defer body.Close()
	}
	took, err := c.stop()
	if err != nil || took < 50*time.Millisecond || took > time.Minute {
		t.Errorf("stopped after %v with %v, want 50ms or little more and no error", took, err)
	}
}

func TestTLSOff(t *testing.T) {
	c := begin(t, "-tls-addr", "")
	if c.addresses.HTTPS != "" || len(c.lines) != 2 {
		t.Errorf("printed %q, wrote %+v", c.lines, c.addresses)
	}
	if _, err := c.stop(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestRefusesWhatItCannotServe(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	for _, test := range []struct {
		args   []string
		wanted []string
	}{
		{[]string{"-addr", addr}, []string{"-addr " + addr, "another program listens there", "PORT="}},
		{[]string{"-addr", "127.0.0.1:0", "-tls-addr", addr}, []string{"-tls-addr " + addr, "TLS_PORT="}},
		{[]string{"-addr", "8080"}, []string{"-addr 8080", "give host:port"}},
		{[]string{"-addr", "127.0.0.1:0", "-tls-addr", "", "-addresses", filepath.Join(t.TempDir(), "no", "file")}, []string{"-addresses"}},
		{[]string{"serve"}, []string{`"serve"`}},
		{[]string{"-fail", "-1"}, []string{"-fail is -1; give"}},
		{[]string{"-fail-code", "TEAPOT"}, []string{"-fail-code", "TEAPOT", "such as UNAVAILABLE"}},
		{[]string{"-fail-code", "OK"}, []string{"-fail-code", "OK", "from 1 to 16"}},
		{[]string{"-delay-below", "-2"}, []string{"-delay-below is -2; give"}},
	} {
		err := run(t.Context(), test.args, io.Discard, io.Discard)
		for _, part := range test.wanted {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%q: got %v, want it to say %q", test.args, err, part)
			}
		}
	}
	if err := run(t.Context(), []string{"-help"}, io.Discard, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-help: %v", err)
	}
}

// TestDefaults: without flags, only this machine reaches the server.
func TestDefaults(t *testing.T) {
	f, err := parse(nil, io.Discard)
	if err != nil || f.addr != "localhost:8080" || f.tlsAddr != "localhost:8443" {
		t.Fatalf("listens on %q and %q by default, %v", f.addr, f.tlsAddr, err)
	}
}

func TestListsOfFlags(t *testing.T) {
	f, err := parse([]string{"-allow-host", "demo.example, Box", "-allow-origin", "https://app.example"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	o := f.options()
	if !slices.Equal(o.AllowHosts, []string{"demo.example", "Box"}) || !slices.Equal(o.AllowOrigins, []string{"https://app.example"}) {
		t.Errorf("allows the hosts %q and the origins %q", o.AllowHosts, o.AllowOrigins)
	}
}

func TestFlagsOfFaults(t *testing.T) {
	f, err := parse([]string{
		"-fail", "2", "-fail-rate", "0.25", "-fail-code", "aborted", "-pushback", "-1", "-delay", "2s", "-delay-below", "1",
	}, io.Discard)
	want := server.Faults{Fail: 2, FailRate: 0.25, FailCode: codes.Aborted, Pushback: "-1", Delay: 2 * time.Second, DelayBelow: 1}
	if err != nil || f.options().Faults != want {
		t.Errorf("got %+v, %v", f.options().Faults, err)
	}
	if f, err = parse([]string{"-fail-code", "8"}, io.Discard); err != nil || f.faults.FailCode != codes.ResourceExhausted {
		t.Errorf("-fail-code 8 is %v, %v", f.faults.FailCode, err)
	}
}
