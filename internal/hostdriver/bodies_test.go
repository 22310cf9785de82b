package hostdriver

import (
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

func message(text string) []byte { return wire.AppendFrame(nil, 0, []byte(text)) }

func trailers(lines string) []byte { return wire.AppendFrame(nil, wire.FlagTrailers, []byte(lines)) }

func TestBodies(t *testing.T) {
	t.Run("97_text_is_decoded_where_it_lies", func(t *testing.T) {
		s := open(t, "").starts(1, flags(abi.StartFlagStreaming)).head(1, 0, 200, "content-type", "application/grpc-web-text")
		text := wire.AppendText(nil, message("hello"))
		s.tell("read", nil, 1, 0).asks("read 1/0").feed(1, 0, true, text).asks()
		f := s.host.Fragments()
		if len(f) == 0 || !f[0].Decoded || !f[0].First {
			t.Fatalf("fragments %+v", f)
		}
		got := ""
		for _, part := range f {
			got += string(s.host.Buffers.In[part.Offset : part.Offset+part.Length])
		}
		if got != "hello" {
			t.Errorf("%q was decoded", got)
		}
	})
	t.Run("a_long_payload_is_skipped", func(t *testing.T) {
		s := open(t, "").starts(1, flags(abi.StartFlagStreaming)).head(1, 0, 200)
		s.tell("read", nil, 1, 0).feed(1, 0, false, message(strings.Repeat("x", 100_000))[:abi.InputSize]).asks()
		if f := s.host.Fragments(); len(f) != 1 || f[0].Length != abi.InputSize-5 || f[0].Total != 100_000 {
			t.Fatalf("fragments %+v", f)
		}
		s.tell("skip", nil, 1, 0, 100_000-abi.InputSize+5).asks().tell("drained", nil, 1, 0, 0).asks()
		s.tell("read", nil, 1, 0).asks("read 1/0")
	})
	t.Run("no_more_than_is_left_is_skipped", func(t *testing.T) {
		s := open(t, "").starts(1, flags(abi.StartFlagStreaming)).head(1, 0, 200)
		s.tell("read", nil, 1, 0).feed(1, 0, false, message("hello")[:7]).asks()
		s.tell("skip", nil, 1, 0, 100).asks()
		s.feed(1, 0, true, message("next")).asks()
		if f := s.host.Fragments(); len(f) != 1 || !f[0].First || f[0].Length != 4 {
			t.Errorf("fragments %+v", f)
		}
	})
	t.Run("more_fragments_than_fit", func(t *testing.T) {
		s := open(t, "").starts(1, flags(abi.StartFlagStreaming)).head(1, 0, 200).tell("read", nil, 1, 0)
		chunk := []byte(strings.Repeat(string(message("")), abi.MaxFragments+10))
		s.feed(1, 0, true, chunk).asks()
		if n := len(s.host.Fragments()); n != abi.MaxFragments || s.host.Buffers.Result != 5*abi.MaxFragments {
			t.Errorf("%d fragments of %d bytes", n, s.host.Buffers.Result)
		}
		s.feed(1, 0, true, chunk[5*abi.MaxFragments:]).asks()
		if n := len(s.host.Fragments()); n != 10 {
			t.Errorf("%d fragments", n)
		}
	})
	t.Run("a_compressed_message", func(t *testing.T) {
		s := open(t, "", "maxReceiveMessageBytes", "50").starts(1, flags(abi.StartFlagStreaming)).head(1, 0, 200, "grpc-encoding", "gzip").tell("read", nil, 1, 0)
		s.feed(1, 0, true, wire.AppendFrame(nil, wire.FlagCompressed, []byte("packed")), message("next")).asks("inflate 1/0 50")
		if s.host.Buffers.Result != 11 {
			t.Errorf("%d bytes are taken: what lies behind a compressed payload waits for it", s.host.Buffers.Result)
		}
		s.tell("inflated", nil, 1, 0, 0, 51).asks("abort 1/0", "end 1/0 code 8")
	})
	t.Run("a_socket", func(t *testing.T) {
		s := open(t, "").starts(1, flags(abi.StartFlagSocket|abi.StartFlagStreaming|abi.StartFlagOpen))
		s.tell("head", nil, 1, 0, 0, 101, 0).asks("read 1/0")
		s.feed(1, 0, true, trailers("x-a: 1\r\n")).asks("head 1/0")
		s.tell("closed", []byte("bye"), 1, 0, 0, 1011).asks("end 1/0 code 13")
	})
	t.Run("a_broken_one", func(t *testing.T) {
		s := open(t, "").starts(1, unary()).head(1, 0, 200).tell("broken", []byte("reset"), 1, 0, 0).asks("end 1/0 code 14")
		s.tell("end", nil, 1, 0, 0).asks()
	})
}
