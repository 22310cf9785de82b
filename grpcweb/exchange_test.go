package grpcweb_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

func TestCommit(t *testing.T) {
	scenario(t, "51_header_then_unavailable", func(t *testing.T) {
		n := fake.New(fake.Attempt{Header: fake.Head("which", "1"), Body: []fake.Piece{{Data: fake.Trailers(status.Unavailable, "late")}}})
		_, err := unary(t, open(t, n, retries(5)))
		st := wantCode(t, err, status.Unavailable)
		want(t, "reason", st.CommitReason, status.ReasonResponseHeaders)
		want(t, "header", st.Header.Get("which"), "1")
		wantRequests(t, n, 1)
	})
	scenario(t, "52_message_then_failure", func(t *testing.T) {
		n := fake.New(fake.Attempt{Header: fake.Head(), Body: []fake.Piece{
			{Data: fake.Message(pong)}, {Data: fake.Trailers(status.Unavailable, "late")},
		}})
		messages, err := drain(t, begin(t, open(t, n, retries(5))))
		wantAll(t, "messages", messages, "pong")
		wantCode(t, err, status.Unavailable)
		wantRequests(t, n, 1)
	})
	scenario(t, "53_trailers_only_ok_on_a_stream", func(t *testing.T) {
		n := fake.New(fake.Fail(status.OK, "", "cost", "3"))
		s := begin(t, open(t, n, retries(5)))
		messages, err := drain(t, s)
		want(t, "messages", len(messages), 0)
		want(t, "end", err, io.EOF)
		want(t, "trailer", s.Trailer().Get("cost"), "3")
		want(t, "reason", s.CommitReason(), status.ReasonResponseHeaders)
		if _, err := s.Header(); err != nil {
			t.Error(err)
		}
	})
	scenario(t, "54_trailers_only_ok_on_a_unary_call", func(t *testing.T) {
		n := fake.New(fake.Fail(status.OK, ""))
		_, err := unary(t, open(t, n, retries(5)))
		wantCode(t, err, status.Unimplemented)
		wantRequests(t, n, 1)
	})
	scenario(t, "55_dropped", func(t *testing.T) {
		n := fake.New(fake.Break(&transport.Error{Progress: transport.Dropped, Err: fake.ErrNetwork}))
		_, err := unary(t, open(t, n, retries(5)))
		want(t, "reason", wantCode(t, err, status.Unavailable).CommitReason, status.ReasonDrop)
		wantRequests(t, n, 1)
	})
}

func TestExchange(t *testing.T) {
	for http, code := range map[int]status.Code{
		400: status.Internal, 401: status.Unauthenticated, 403: status.PermissionDenied, 404: status.Unimplemented,
		429: status.Unavailable, 431: status.Unknown, 502: status.Unavailable, 503: status.Unavailable, 504: status.Unavailable,
		500: status.Unknown, 204: status.Unknown, 418: status.Unknown,
	} {
		scenario(t, fmt.Sprintf("91_http_%d", http), func(t *testing.T) {
			n := fake.New(fake.Attempt{Status: http, Header: metadata.New("content-type", "text/html"), Body: []fake.Piece{{Data: []byte("<html>")}}})
			_, err := unary(t, open(t, n))
			wantCode(t, err, code)
			settle(t, n)
		})
	}
	scenario(t, "91_http_503_is_retried", func(t *testing.T) {
		n := fake.New(fake.Attempt{Status: 503}, fake.Answer(pong))
		res, err := unary(t, open(t, n, retries(5)))
		must(t, res, err)
		want(t, "HTTP status", res.Attempts[0].HTTPStatus, 503)
		wantRequests(t, n, 2)
	})
	scenario(t, "92_http_503_with_grpc_status", func(t *testing.T) {
		a := fake.Fail(status.InvalidArgument, "no")
		a.Status = 503
		n := fake.New(a)
		_, err := unary(t, open(t, n, retries(5)))
		wantCode(t, err, status.InvalidArgument)
		wantRequests(t, n, 1)
	})
	scenario(t, "93_trailers_only", func(t *testing.T) {
		n := fake.New(fake.Fail(status.Unavailable, ""), fake.Answer(pong))
		res, err := unary(t, open(t, n, retries(5)))
		must(t, res, err)
		wantRequests(t, n, 2)
	})
	scenario(t, "94_the_body_overrules_the_head", func(t *testing.T) {
		a := fake.Fail(status.ResourceExhausted, "the head's")
		a.Body = []fake.Piece{{Data: fake.Trailers(status.FailedPrecondition, "the body's")}}
		_, err := unary(t, open(t, fake.New(a), retries(5)))
		want(t, "message", wantCode(t, err, status.FailedPrecondition).Message, "the body's")
	})
	scenario(t, "97_chunks_of_every_size", testChunks)
	scenario(t, "98_fetch_failure_is_retried", func(t *testing.T) {
		n := fake.New(fake.Break(&transport.Error{Err: fake.ErrNetwork}), fake.Answer(pong))
		res, err := unary(t, open(t, n, retries(5)))
		must(t, res, err)
		wantAll(t, "attempts headers", previous(n), "-", "1")
	})
	scenario(t, "98_what_cannot_be_sent", testMisuse)
	scenario(t, "98_no_request_possible", func(t *testing.T) {
		n := fake.New(fake.Break(&transport.Error{Invalid: true, Err: fake.ErrNetwork}))
		_, err := unary(t, open(t, n, retries(5)))
		wantCode(t, err, status.Internal)
		wantRequests(t, n, 1)
	})
	scenario(t, "ended_by_the_browser", func(t *testing.T) {
		n := fake.New(fake.Break(&transport.Error{Aborted: true, Err: fake.ErrNetwork}))
		_, err := unary(t, open(t, n))
		wantCode(t, err, status.Canceled)
	})
	scenario(t, "103_unexpected_content_type", func(t *testing.T) {
		_, err := unary(t, open(t, fake.New(fake.Attempt{Header: metadata.New("content-type", "text/html")}), retries(5)))
		wantText(t, wantCode(t, err, status.Unknown).Message, "text/html")
	})
	scenario(t, "103_no_status_in_the_trailers", func(t *testing.T) {
		frame := append([]byte{0x80, 0, 0, 0, 6}, "a: b\r\n"...)
		_, err := unary(t, open(t, fake.New(fake.Attempt{Header: fake.Head(), Body: []fake.Piece{{Data: frame}}})))
		wantCode(t, err, status.Unknown)
	})
	scenario(t, "103_cut_inside_a_frame", func(t *testing.T) {
		for _, end := range [][]fake.Piece{nil, {{Err: fake.ErrNetwork}}} {
			body := append([]fake.Piece{{Data: fake.Message(pong)[:7]}}, end...)
			_, err := unary(t, open(t, fake.New(fake.Attempt{Header: fake.Head(), Body: body})))
			wantCode(t, err, status.Unavailable)
		}
	})
	scenario(t, "104_empty_message", func(t *testing.T) {
		res, err := unary(t, open(t, fake.New(fake.Answer([]byte{}))))
		want(t, "length", len(must(t, res, err).Message), 0)
	})
	scenario(t, "second_message_of_a_unary_call", func(t *testing.T) {
		_, err := unary(t, open(t, fake.New(fake.Answer(pong, pong))))
		wantCode(t, err, status.Unimplemented)
	})
	scenario(t, "no_response_names_the_address", func(t *testing.T) {
		_, err := unary(t, open(t, fake.New(fake.Break(fake.ErrNetwork))))
		wantText(t, wantCode(t, err, status.Unavailable).Message, "https://api.example.com"+method, "the network failed")
	})
	scenario(t, "no_response_from_another_origin", func(t *testing.T) {
		_, err := unary(t, open(t, elsewhere{fake.New(fake.Break(fake.ErrNetwork))}))
		wantText(t, wantCode(t, err, status.Unavailable).Message, "CORS", "grpc-previous-rpc-attempts")
	})
}

type elsewhere struct{ *fake.Network }

func (elsewhere) CrossOrigin(string) bool { return true }

func testChunks(t *testing.T) {
	messages := [][]byte{[]byte("one"), {}, bytes.Repeat([]byte("two"), 60), []byte("three")}
	var body []byte
	for _, m := range messages {
		body = append(body, fake.Message(m)...)
	}
	for range 40 { // more than are cut at a time
		body = append(body, fake.Message([]byte("x"))...)
	}
	body = append(body, fake.Trailers(status.OK, "", "cost", "3")...)
	for size := 1; size <= len(body); size++ {
		s := begin(t, open(t, fake.New(fake.Attempt{Header: fake.Head(), Body: fake.Cut(body, size)})))
		got, err := drain(t, s)
		if err != io.EOF || len(got) != 44 || s.Trailer().Get("cost") != "3" {
			t.Fatalf("in pieces of %d bytes: %d messages, %v, trailer %v", size, len(got), err, s.Trailer())
		}
		for i, m := range messages {
			want(t, "message", got[i], string(m))
		}
	}
}

func testMisuse(t *testing.T) {
	n := fake.New(fake.Answer(pong))
	ch := open(t, n, retries(5))
	for _, md := range []metadata.MD{metadata.New("näme", "v"), metadata.New("name", "vålue"), metadata.New("name", "a\r\nb: c"), metadata.New("grpc-timeout", "1S")} {
		_, err := unary(t, ch, grpcweb.WithMetadata(md))
		wantCode(t, err, status.Internal)
	}
	for _, m := range []string{"", "/", "helloworld.Greeter/SayHello", "/helloworld.Greeter", "/a/b/c", "/a/b?c"} {
		_, err := ch.Unary(t.Context(), m, ping)
		wantCode(t, err, status.Internal)
		_, err = ch.NewStream(t.Context(), m)
		wantCode(t, err, status.Internal)
	}
	_, err := unary(t, ch, grpcweb.WithMaxReceiveMessageBytes(0))
	wantText(t, wantCode(t, err, status.Internal).Message, "WithMaxReceiveMessageBytes(0)")
	wantRequests(t, n, 0)
}
