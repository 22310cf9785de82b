package grpcweb_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/fake"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

func zip(payload []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(payload)
	w.Close()
	return b.Bytes()
}

// zipped is a frame whose payload is compressed; of a frame, that frame.
func zipped(frame []byte) []byte {
	return wire.AppendFrame(nil, frame[0]|wire.FlagCompressed, zip(frame[wire.PrefixSize:]))
}

// answers is a response of these frames, which may be compressed; a frame to a piece.
func answers(frames ...[]byte) fake.Attempt {
	a := fake.Attempt{Header: fake.Head("grpc-encoding", "gzip")}
	for _, f := range frames {
		a.Body = append(a.Body, fake.Piece{Data: f})
	}
	return a
}

// unframed are the messages of a request, and before each that was compressed a "z".
func unframed(t *testing.T, body []byte) (messages []string) {
	t.Helper()
	var r wire.FrameReader
	for at := 0; at < len(body); {
		f, _, _ := r.Next(body, at)
		at += wire.PrefixSize + int(f.Total)
		payload, mark := body[at-int(f.Total):at], ""
		if f.Flags == wire.FlagCompressed {
			unzip, err := gzip.NewReader(bytes.NewReader(payload))
			if err != nil {
				t.Fatal(err)
			}
			if payload, err = io.ReadAll(unzip); err != nil {
				t.Fatal(err)
			}
			mark = "z"
		}
		messages = append(messages, mark+string(payload))
		r = wire.FrameReader{}
	}
	return messages
}

var (
	gzipSent   = grpcweb.WithSendCompression(grpcweb.Gzip)
	okFrame    = fake.Trailers(status.OK, "", "cost", "3")
	compressed = zipped(fake.Message([]byte("one")))
)

func TestSendCompression(t *testing.T) {
	long := strings.Repeat("long ", 100)
	noise := make([]byte, 1000)
	rand.New(rand.NewSource(1)).Read(noise)
	scenario(t, "what_becomes_shorter", func(t *testing.T) {
		n := fake.New(fake.Answer(pong))
		s := converse(t, open(t, n, gzipSent))
		for _, m := range []string{long, "", "tiny", string(noise), long} {
			if err := s.Send([]byte(m)); err != nil {
				t.Fatal(err)
			}
		}
		s.CloseSend()
		wantEnd(t, s, "pong")
		x := n.Seen()[0]
		wantAll(t, "messages", unframed(t, x.Body), "z"+long, "", "tiny", string(noise), "z"+long)
		want(t, "size", x.Request.Size, int64(len(x.Body)))
		wantAll(t, "encoding", x.Request.Header.Values("grpc-encoding"), "gzip")
	})
	scenario(t, "every_attempt_sends_the_same", func(t *testing.T) {
		n := fake.New(unavailable, fake.Answer(pong))
		res, err := open(t, n, retries(3), gzipSent).Unary(t.Context(), method, []byte(long))
		must(t, res, err)
		for _, x := range n.Seen() {
			wantAll(t, "messages", unframed(t, x.Body), "z"+long)
		}
	})
	scenario(t, "limit_counts_what_is_in_it_and_the_buffer_what_is_sent", func(t *testing.T) {
		n := fake.New(unavailable, fake.Answer(pong))
		var held int64
		ch := open(t, n, retries(3), gzipSent, grpcweb.WithMaxSendMessageBytes(2<<20), grpcweb.WithObserver(func(e grpcweb.Event) {
			held = max(held, e.CallBytes)
			want(t, "exceeded", e.Exceeded, false)
		}))
		res, err := ch.Unary(t.Context(), method, make([]byte, 2<<20)) // more than the buffer holds
		must(t, res, err)
		want(t, "bytes held", held, int64(len(n.Seen()[0].Body)))
		_, err = ch.Unary(t.Context(), method, make([]byte, 2<<20+1))
		wantCode(t, err, status.ResourceExhausted)
	})
	scenario(t, "identity", func(t *testing.T) {
		n := fake.New(fake.Answer(pong))
		res, err := open(t, n, gzipSent, grpcweb.WithSendCompression(grpcweb.Identity)).Unary(t.Context(), method, []byte(long))
		must(t, res, err)
		wantAll(t, "messages", unframed(t, n.Seen()[0].Body), long)
		wantAll(t, "encoding", sent(n, "grpc-encoding"), "-")
	})
	scenario(t, "asked_for", func(t *testing.T) {
		for _, c := range [][]grpcweb.Compression{nil, {grpcweb.Identity}, {grpcweb.Gzip}, {grpcweb.Identity, grpcweb.Gzip}} {
			n := fake.New(fake.Answer(pong))
			res, err := unary(t, open(t, n, grpcweb.WithAcceptCompression(grpcweb.Gzip), grpcweb.WithAcceptCompression(c...)))
			must(t, res, err)
			wanted := "-"
			if len(c) > 0 && c[len(c)-1] == grpcweb.Gzip {
				wanted = "gzip"
			}
			wantAll(t, "asked for", sent(n, "grpc-accept-encoding"), wanted)
		}
	})
}

func TestReceiveCompression(t *testing.T) {
	scenario(t, "96_compressed_trailers", func(t *testing.T) {
		res, err := unary(t, open(t, fake.New(answers(fake.Message(pong), zipped(okFrame)))))
		want(t, "message", string(must(t, res, err).Message), "pong")
		want(t, "trailer", res.Trailer.Get("cost"), "3")
		s := begin(t, open(t, fake.New(answers(compressed, zipped(okFrame)))))
		wantEnd(t, s, "one")
		want(t, "trailer", s.Trailer().Get("cost"), "3")
	})
	scenario(t, "in_order_and_in_pieces_of_any_size", func(t *testing.T) {
		var body []byte
		for _, f := range [][]byte{compressed, fake.Message([]byte("2")), zipped(fake.Message(nil)), fake.Message(nil), zipped(fake.Message([]byte("5"))), zipped(okFrame)} {
			body = append(body, f...)
		}
		for size := 1; size <= len(body); size++ {
			a := answers()
			a.Body = fake.Cut(body, size)
			wantEnd(t, begin(t, open(t, fake.New(a))), "one", "2", "", "", "5")
		}
	})
	scenario(t, "damaged", func(t *testing.T) {
		for name, payload := range map[string][]byte{"not gzip": []byte("hello"), "cut short": zip(pong)[:20]} {
			frame := wire.AppendFrame(nil, wire.FlagCompressed, payload)
			n := fake.New(answers(frame, okFrame))
			_, err := unary(t, open(t, n, retries(3)))
			st := wantCode(t, err, status.Internal)
			wantText(t, st.Message, "could not be inflated")
			if errors.Is(err, io.EOF) {
				t.Errorf("%s: %v passes for a good end", name, err)
			}
			messages, err := drain(t, begin(t, open(t, fake.New(answers(compressed, frame, compressed)))))
			wantAll(t, "messages before it", messages, "one")
			wantCode(t, err, status.Internal)
			settle(t, n)
		}
	})
	scenario(t, "unknown_encoding", func(t *testing.T) {
		for _, encoding := range []string{"br", "identity", ""} {
			a := answers(compressed, okFrame)
			a.Header.Set("grpc-encoding", encoding)
			_, err := unary(t, open(t, fake.New(a)))
			wantCode(t, err, status.Internal)
		}
	})
	scenario(t, "limits", func(t *testing.T) {
		limit := grpcweb.WithMaxReceiveMessageBytes(1000)
		res, err := unary(t, open(t, fake.New(answers(zipped(fake.Message(make([]byte, 1000))), okFrame)), limit))
		want(t, "length", len(must(t, res, err).Message), 1000)
		_, err = unary(t, open(t, fake.New(answers(zipped(fake.Message(make([]byte, 1001))), okFrame)), limit))
		wantText(t, wantCode(t, err, status.ResourceExhausted).Message, "inflated", "1000")
		messages, err := drain(t, begin(t, open(t, fake.New(answers(compressed, zipped(fake.Message(make([]byte, 1001))), okFrame)), limit)))
		wantAll(t, "messages before it", messages, "one")
		wantCode(t, err, status.ResourceExhausted)
		res, err = unary(t, open(t, fake.New(answers(zipped(fake.Message(make([]byte, 5<<20))), okFrame)), grpcweb.WithMaxReceiveMessageBytes(grpcweb.NoLimit)))
		want(t, "length", len(must(t, res, err).Message), 5<<20)
	})
	scenario(t, "bomb", testBomb)
	scenario(t, "95_hedges_with_trailers_at_the_same_time", testZippedHedges)
	scenario(t, "cancel_while_more_is_to_come", func(t *testing.T) {
		n := fake.New(fake.Attempt{Header: fake.Head("grpc-encoding", "gzip"), Body: []fake.Piece{{Data: compressed[:9]}, {Wait: fake.Forever}}})
		_, err := open(t, n).Unary(within(t, time.Second), method, ping)
		wantCode(t, err, status.DeadlineExceeded)
		settle(t, n)
	})
}

// A bomb holds 100 MiB of nothing, in one of 100 KiB; hardly more than the limit of
// them is made room for.
func testBomb(t *testing.T) {
	bomb := bytes.Repeat(zip(make([]byte, 1<<20)), 100) // gzip's members follow each other
	n := fake.New(answers(wire.AppendFrame(nil, wire.FlagCompressed, bomb), okFrame))
	ch := open(t, n)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := unary(t, ch)
	runtime.ReadMemStats(&after)
	wantText(t, wantCode(t, err, status.ResourceExhausted).Message, "inflated", fmt.Sprint(4<<20))
	if made := after.TotalAlloc - before.TotalAlloc; made > 40<<20 {
		t.Errorf("%d bytes were allocated", made)
	}
	settle(t, n)
}

// Two attempts, neither of them committed, get their compressed trailers bit by bit.
func testZippedHedges(t *testing.T) {
	trailers := func(which string) fake.Attempt {
		a := answers()
		frame := zipped(fake.Trailers(status.Unavailable, strings.Repeat(which, 30), "which", which))
		for _, p := range fake.Cut(frame, 7) {
			a.Body = append(a.Body, fake.Later(time.Second, p.Data))
		}
		return a
	}
	n := fake.Scripted(func(_ int, r *transport.Request) fake.Attempt {
		if _, second := r.Header.Lookup("grpc-previous-rpc-attempts"); second {
			return trailers("2").After(500 * ms)
		}
		return trailers("1")
	})
	_, err := unary(t, open(t, n, hedges(2, "0s"), grpcweb.WithHeaderCommit(grpcweb.FirstFrameHeaderCommit)))
	st := wantCode(t, err, status.Unavailable)
	want(t, "message", st.Attempts[0].Message, strings.Repeat("1", 30))
	want(t, "message", st.Attempts[1].Message, strings.Repeat("2", 30))
	want(t, "trailer", st.Trailer.Get("which"), "2")
	synctest.Wait()
}
