package grpcweb_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/fake"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

var inText = grpcweb.WithFormat(grpcweb.Text)

// text is a response in text mode, each piece padded by itself.
func text(a fake.Attempt) fake.Attempt {
	a.Header = a.Header.Clone()
	a.Header.Set("content-type", "application/grpc-web-text+proto")
	pieces := a.Body
	a.Body = nil
	for _, p := range pieces {
		p.Data = wire.AppendText(nil, p.Data)
		a.Body = append(a.Body, p)
	}
	return a
}

// textBody is a request's body as it is before base64, of which it must be one text.
func textBody(t *testing.T, x fake.Exchange) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.Strict().DecodeString(string(x.Body))
	if err != nil {
		t.Fatalf("%q: %v", x.Body, err)
	}
	want(t, "size", x.Request.Size, int64(len(x.Body)))
	want(t, "content-type", x.Request.Header.Get("content-type"), "application/grpc-web-text")
	want(t, "accept", x.Request.Header.Get("accept"), "application/grpc-web-text")
	return raw
}

func TestTextMode(t *testing.T) {
	scenario(t, "requests_of_any_length", func(t *testing.T) {
		for length := range 10 {
			n := fake.New(text(fake.Answer(pong)))
			message := strings.Repeat("x", length)
			res, err := open(t, n, inText).Unary(t.Context(), method, []byte(message))
			want(t, "answer", string(must(t, res, err).Message), "pong")
			wantAll(t, "messages", unframed(t, textBody(t, n.Seen()[0])), message)
		}
	})
	scenario(t, "request_of_several_messages_is_one_text", func(t *testing.T) {
		for _, n := range []*fake.Network{fake.New(unavailable, text(fake.Answer(pong))), fake.Streaming(unavailable, text(fake.Answer(pong)))} {
			s := converse(t, open(t, n, inText, retries(3)))
			say(t, s, "a", "bc", "", "def")
			wantRequests(t, n, 0) // whatever the transport can
			s.CloseSend()
			wantEnd(t, s, "pong")
			wantRequests(t, n, 2)
			for _, x := range n.Seen() {
				wantAll(t, "messages", unframed(t, textBody(t, x)), "a", "bc", "", "def")
				want(t, "streams", x.Request.Streams, false)
			}
		}
	})
	scenario(t, "request_without_messages", func(t *testing.T) {
		n := fake.New(text(fake.Answer(pong)))
		s := converse(t, open(t, n, inText))
		s.CloseSend()
		wantEnd(t, s, "pong")
		want(t, "body", len(textBody(t, n.Seen()[0])), 0)
	})
	scenario(t, "buffer_counts_the_bytes_before", func(t *testing.T) {
		n := fake.New(unavailable, text(fake.Answer(pong)))
		fits := make([]byte, 1<<20-5)
		res, err := open(t, n, inText, retries(3)).Unary(t.Context(), method, fits)
		want(t, "attempts", len(must(t, res, err).Attempts), 2)
	})
	scenario(t, "97_chunks_of_every_size", func(t *testing.T) {
		a := text(fake.Answer([]byte("one"), nil, []byte("three"), []byte("four")))
		var body []byte
		for _, p := range a.Body {
			body = append(body, p.Data...)
		}
		for size := 1; size <= len(body); size++ {
			a.Body = fake.Cut(body, size)
			wantEnd(t, begin(t, open(t, fake.New(a), inText)), "one", "", "three", "four")
		}
	})
	scenario(t, "97_the_answer_says_what_it_is", func(t *testing.T) {
		res, err := unary(t, open(t, fake.New(fake.Answer(pong)), inText))
		must(t, res, err)
		res, err = unary(t, open(t, fake.New(text(fake.Answer(pong)))))
		must(t, res, err)
	})
	scenario(t, "compressed_too", func(t *testing.T) {
		n := fake.New(text(answers(compressed, zipped(okFrame))))
		long := strings.Repeat("long ", 100)
		res, err := open(t, n, inText, gzipSent).Unary(t.Context(), method, []byte(long))
		want(t, "answer", string(must(t, res, err).Message), "one")
		wantAll(t, "messages", unframed(t, textBody(t, n.Seen()[0])), "z"+long)
	})
	scenario(t, "damaged", func(t *testing.T) {
		a := text(fake.Answer(pong))
		a.Body = append(a.Body, fake.Piece{Data: []byte("!")})
		_, err := unary(t, open(t, fake.New(a)))
		wantCode(t, err, status.Internal)
		a.Body = []fake.Piece{{Data: []byte("AAA!")}}
		_, err = unary(t, open(t, fake.New(a)))
		wantText(t, wantCode(t, err, status.Internal).Message, `"!" where base64 is expected`)
	})
	scenario(t, "request_that_is_given_up", func(t *testing.T) {
		n := fake.New(fake.Silence().Taking(1))
		ch := open(t, n, inText, hedges(2, "0.1s"))
		n.Play(func(i int, _ *transport.Request) fake.Attempt {
			if i == 1 {
				return fake.Silence().Taking(1)
			}
			return text(fake.Answer(pong))
		})
		res, err := unary(t, ch)
		must(t, res, err)
		settle(t, n)
	})
}

// sockets is a network that opens WebSockets, whose answers begin with a head.
type sockets struct{ *fake.Network }

func (sockets) OpensSockets() bool { return true }

// onSocket is a response over a WebSocket.
func onSocket(a fake.Attempt) fake.Attempt {
	head := wire.AppendFrame(nil, wire.FlagTrailers, wire.AppendTrailer(nil, a.Header))
	a.Status, a.Header, a.Body = 101, metadata.MD{}, append([]fake.Piece{{Data: head}}, a.Body...)
	return a
}

func TestSockets(t *testing.T) {
	scenario(t, "head_comes_in_the_body", func(t *testing.T) {
		a := fake.Answer(pong)
		a.Header.Append("which", "1")
		n := fake.Streaming(onSocket(a))
		s := begin(t, open(t, sockets{n}))
		header, err := s.Header()
		want(t, "header", header.Get("which"), "1")
		want(t, "error", err, nil)
		wantEnd(t, s, "pong")
		want(t, "HTTP status", s.Attempts()[0].HTTPStatus, 101)
	})
	scenario(t, "trailers_only_is_retried", func(t *testing.T) {
		n := fake.Streaming(onSocket(unavailable), onSocket(fake.Answer(pong)))
		s := begin(t, open(t, sockets{n}, retries(3)))
		wantEnd(t, s, "pong")
		wantAll(t, "attempts headers", previous(n), "-", "1")
	})
	scenario(t, "closed", func(t *testing.T) {
		for code, wanted := range map[int]status.Code{1006: status.Unavailable, 1008: status.PermissionDenied, 1011: status.Internal, 1000: status.Unknown} {
			a := onSocket(fake.Answer(pong))
			a.Body[2] = fake.Piece{Err: errors.Join(errors.New("wrapped"), &transport.CloseError{Code: code, Reason: "because"})}
			messages, err := drain(t, begin(t, open(t, sockets{fake.Streaming(a)})))
			wantAll(t, "messages", messages, "pong")
			st := wantCode(t, err, wanted)
			if code != 1000 {
				wantText(t, st.Message, `"because"`)
			}
		}
		closed := onSocket(fake.Answer(pong))
		closed.Body = append(closed.Body, fake.Piece{Err: &transport.CloseError{Code: 1006}})
		wantEnd(t, begin(t, open(t, sockets{fake.Streaming(closed)})), "pong") // the status had come
		want(t, "text", (&transport.CloseError{Code: 1006}).Error(), "the WebSocket was closed with code 1006")
		wantText(t, (&transport.CloseError{Code: 1011, Reason: "load"}).Error(), "1011: load")
	})
	scenario(t, "95_first_frame_behind_the_head", func(t *testing.T) {
		late := fake.Attempt{Header: fake.Head(), Body: []fake.Piece{{Data: fake.Trailers(status.Unavailable, "late")}}}
		n := fake.Streaming(onSocket(late), onSocket(fake.Answer(pong)))
		s := begin(t, open(t, sockets{n}, retries(3), grpcweb.WithHeaderCommit(grpcweb.FirstFrameHeaderCommit)))
		wantEnd(t, s, "pong")
		wantRequests(t, n, 2)
	})
	scenario(t, "text_mode_stays_with_bytes", func(t *testing.T) {
		n := fake.Streaming(onSocket(fake.Answer(pong)))
		ch := open(t, sockets{n}, inText)
		s := converse(t, ch)
		say(t, s, "1") // sent at once
		s.CloseSend()
		wantEnd(t, s, "pong")
		wantAll(t, "bodies", bodies(n), "1|")
		wantAll(t, "types", sent(n, "content-type"), "application/grpc-web")

		n.Play(func(int, *transport.Request) fake.Attempt { return text(fake.Answer(pong)) })
		res, err := unary(t, ch) // over fetch
		must(t, res, err)
		wantAll(t, "messages", unframed(t, textBody(t, n.Seen()[1])), "ping")
		s, err = ch.NewStream(t.Context(), method, grpcweb.WithWholeRequest())
		if err = errors.Join(err, s.Send(ping), s.CloseSend()); err != nil {
			t.Fatal(err)
		}
		wantEnd(t, s, "pong")
		wantAll(t, "messages", unframed(t, textBody(t, n.Seen()[2])), "ping")
	})
	scenario(t, "answer_without_a_head", func(t *testing.T) {
		a := onSocket(fake.Answer(pong))
		a.Body = a.Body[1:]
		_, err := drain(t, begin(t, open(t, sockets{fake.Streaming(a)})))
		wantText(t, wantCode(t, err, status.Internal).Message, "grpc-websockets")
		if errors.Is(err, io.EOF) {
			t.Error("a failure passes for a good end")
		}
	})
}

// brokenOff is a body that ends by an error instead.
type brokenOff struct{ pieces [][]byte }

func (b *brokenOff) Next(context.Context) ([]byte, error) {
	if len(b.pieces) == 0 {
		return nil, context.Canceled
	}
	piece := b.pieces[0]
	b.pieces = b.pieces[1:]
	return piece, nil
}

func (b *brokenOff) Close() error { return nil }

// What is left over of a request that is given up does not go out: padded, it would look like its end.
func TestTextModeBrokenOff(t *testing.T) {
	body, size := grpcweb.InText(&brokenOff{pieces: [][]byte{[]byte("abcde"), []byte("f"), []byte("gh")}}, 20)
	want(t, "size", size, 28)
	for _, text := range []string{"YWJj", "ZGVm"} {
		piece, err := body.Next(t.Context())
		if want(t, "piece", string(piece), text); err != nil {
			t.Error(err)
		}
	}
	if piece, err := body.Next(t.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("%q, %v", piece, err)
	}
}
