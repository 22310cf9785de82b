package grpcweb_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

// placing is a body that puts its pieces where they are wanted, and overwrites all other
// memory that it was offered or has returned.
type placing struct {
	rest   []byte
	size   int
	own    []byte
	memory []byte
	placed int
}

func (p *placing) Place(memory []byte) { p.memory = memory }

func (p *placing) Next(context.Context) ([]byte, error) {
	if len(p.rest) == 0 {
		return nil, io.EOF
	}
	n := min(p.size, len(p.rest))
	piece := p.memory
	if n <= len(piece) {
		p.placed++
	} else {
		for i := range p.own {
			p.own[i] = 0xEE
		}
		p.own = make([]byte, n)
		piece = p.own
	}
	p.memory = nil
	copy(piece, p.rest[:n])
	p.rest = p.rest[n:]
	return piece[:n], nil
}

func (p *placing) Close() error { return nil }

type placer struct{ body *placing }

func (r placer) RoundTrip(context.Context, *transport.Request) (*transport.Response, error) {
	return &transport.Response{Status: 200, Header: fake.Head(), Body: r.body}, nil
}

// Messages are what they were, however long they and the pieces are, and however they are
// received.
func TestPlacedPieces(t *testing.T) {
	for _, size := range []int{1, 7, 64, 1000, 1 << 20} {
		var wire []byte
		var wanted [][]byte
		for i, length := range []int{3, 0, 5000, 5000, 1, 4000, 2, 6000, 5999} {
			message := bytes.Repeat([]byte{byte('a' + i)}, length)
			wanted = append(wanted, message)
			wire = append(wire, fake.Message(message)...)
		}
		body := &placing{rest: append(wire, fake.Trailers(0, "")...), size: size}
		ch, err := grpcweb.NewChannel(placer{body}, "https://api.example.com")
		if err != nil {
			t.Fatal(err)
		}
		s, err := ch.NewStream(t.Context(), "/s/m", grpcweb.WithWholeRequest())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.CloseSend(); err != nil {
			t.Fatal(err)
		}
		for i, message := range wanted {
			receive := s.RecvBorrowed
			if i%3 == 2 {
				receive = s.Recv
			}
			if got, err := receive(); err != nil || !bytes.Equal(got, message) {
				t.Errorf("pieces of %d: message %d: got %d bytes, %v", size, i, len(got), err)
			}
		}
		if _, err := s.Recv(); err != io.EOF {
			t.Errorf("got %v", err)
		}
		if size < 1000 && body.placed == 0 {
			t.Errorf("pieces of %d: none was put where it was wanted", size)
		}
		ch.Close()
	}
}
