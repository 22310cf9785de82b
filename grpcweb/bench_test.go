package grpcweb_test

import (
	"context"
	"io"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

// instant answers at once, so that a benchmark measures this side alone.
type instant struct{ answer fake.Attempt }

func (i instant) RoundTrip(context.Context, *transport.Request) (*transport.Response, error) {
	return &transport.Response{Status: 200, Header: i.answer.Header, Body: &instantBody{i.answer.Body}}, nil
}

type instantBody struct{ pieces []fake.Piece }

func (b *instantBody) Next(context.Context) ([]byte, error) {
	if len(b.pieces) == 0 {
		return nil, io.EOF
	}
	piece := b.pieces[0].Data
	b.pieces = b.pieces[1:]
	return piece, nil
}

func (b *instantBody) Close() error { return nil }

func BenchmarkUnary(b *testing.B) {
	for name, opts := range map[string][]grpcweb.Option{"plain": nil, "retry": {retries(5)}, "hedge": {hedges(3, "1s")}} {
		b.Run(name, func(b *testing.B) {
			ch, err := grpcweb.NewChannel(instant{fake.Answer(make([]byte, 100))}, "https://api.example.com", opts...)
			if err != nil {
				b.Fatal(err)
			}
			defer ch.Close()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ch.Unary(b.Context(), method, ping); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkStream(b *testing.B) {
	answer := fake.Answer()
	var body []byte
	for range 1000 {
		body = append(body, fake.Message(make([]byte, 100))...)
	}
	answer.Body = append(fake.Cut(body, 16<<10), answer.Body...)
	ch, err := grpcweb.NewChannel(instant{answer}, "https://api.example.com")
	if err != nil {
		b.Fatal(err)
	}
	defer ch.Close()
	b.ReportAllocs()
	for b.Loop() {
		s, err := ch.NewStream(b.Context(), method)
		if err != nil {
			b.Fatal(err)
		}
		s.CloseSend()
		for err == nil {
			_, err = s.Recv()
		}
		if err != io.EOF {
			b.Fatal(err)
		}
	}
}
