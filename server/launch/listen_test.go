package launch

import (
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

func TestReachable(t *testing.T) {
	for addr, wanted := range map[string]string{"[::]:8080": "localhost:8080", "0.0.0.0:1": "localhost:1", "127.0.0.1:2": "127.0.0.1:2", "[::1]:3": "[::1]:3"} {
		tcp, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		p := &port{open: []net.Listener{at{tcp}}}
		if got := p.reachable("localhost"); got != wanted {
			t.Errorf("%s: got %s, want %s", addr, got, wanted)
		}
	}
}

// at is a listener at an address. It accepts nothing.
type at struct{ addr net.Addr }

func (a at) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (a at) Close() error              { return nil }
func (a at) Addr() net.Addr            { return a.addr }

// The host localhost means both loopback addresses and no other, and it is announced by that name.
func TestLocalhost(t *testing.T) {
	p, err := open("-addr", "PORT", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	for _, l := range p.open {
		if addr := l.Addr().(*net.TCPAddr); !addr.IP.IsLoopback() || addr.Port != p.number() {
			t.Errorf("listens on %v", addr)
		}
	}
	number := strconv.Itoa(p.number())
	for name, wanted := range map[string]string{"localhost": "localhost:" + number, "127.0.0.1": "127.0.0.1:" + number} {
		if got := p.reachable(name); got != wanted {
			t.Errorf("announces %s, want %s", got, wanted)
		}
	}
}

// A proxy can serve TLS with the file that WriteKey writes.
func TestWriteKey(t *testing.T) {
	l, err := Listen("127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.plain.close()
	defer l.tls.close()
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := l.WriteKey(file); err != nil {
		t.Fatal(err)
	}
	if _, err := tls.LoadX509KeyPair(file, file); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the key has the mode %v, %v", info.Mode(), err)
	}
}
