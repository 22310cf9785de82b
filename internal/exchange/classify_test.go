package exchange

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// is compares those parts of a result that the scenarios are about. An empty text stands
// for any.
func (r result) is(t *testing.T, committed bool, code status.Code, text string, messages ...string) {
	t.Helper()
	if r.committed != committed || r.status.Code != code || !strings.Contains(r.status.Message, text) {
		t.Errorf("committed %v, %v; want %v, %v: %s", r.committed, r.status, committed, code, text)
	}
	if strings.Join(r.messages, "|") != strings.Join(messages, "|") || len(r.messages) != len(messages) {
		t.Errorf("messages %q; want %q", r.messages, messages)
	}
}

func TestHead(t *testing.T) {
	t.Run("91_http_status_without_grpc_status", func(t *testing.T) {
		known := map[int]status.Code{
			400: status.Internal, 401: status.Unauthenticated, 403: status.PermissionDenied, 404: status.Unimplemented,
			429: status.Unavailable, 431: status.Unknown, 502: status.Unavailable, 503: status.Unavailable, 504: status.Unavailable,
		}
		for http := 201; http < 600; http++ {
			want, ok := known[http]
			if !ok {
				want = status.Unknown
			}
			r := response{http: http, fields: metadata.New("content-type", "text/html", "retry-after", "5"), chunks: [][]byte{[]byte("<html>")}}
			got := whole(t, r)
			if got.committed || got.status.Code != want {
				t.Errorf("HTTP %d: committed %v, %v; want %v", http, got.committed, got.status.Code, want)
			}
			if got.status.Trailer.Get("retry-after") != "5" || got.status.Header.Len() != 0 {
				t.Errorf("HTTP %d: trailer %v, header %v", http, got.status.Trailer, got.status.Header)
			}
		}
	})
	t.Run("91_where_to_look", func(t *testing.T) {
		for http, hint := range map[int]bool{404: true, 405: true, 403: false, 503: false} {
			message := whole(t, response{http: http}).status.Message
			if !strings.Contains(message, "HTTP status "+strconv.Itoa(http)) || strings.Contains(message, "base URL") != hint {
				t.Errorf("HTTP %d: %s", http, message)
			}
		}
	})
	t.Run("91_visible_pushback_is_kept", func(t *testing.T) {
		got := whole(t, response{http: 503, fields: metadata.New("grpc-retry-pushback-ms", "250")})
		got.is(t, false, status.Unavailable, "HTTP status 503")
		if got.status.Trailer.Get("grpc-retry-pushback-ms") != "250" {
			t.Error("the pushback was lost")
		}
	})
	t.Run("92_grpc_status_wins_over_http_status", func(t *testing.T) {
		plain := response{http: 503, fields: metadata.New("grpc-status", "3", "grpc-message", "no such thing")}
		whole(t, plain).is(t, false, status.InvalidArgument, "no such thing")
		typed := plain.with("content-type", "application/grpc-web+proto")
		whole(t, typed).is(t, false, status.InvalidArgument, "no such thing")
	})
	t.Run("93_trailers_only", func(t *testing.T) {
		r := answer().with("grpc-status", "14", "grpc-message", "try%20again%20%E2%82%AC", "Grpc-Status-Details-Bin", "raw bytes",
			"content-encoding", "identity", "grpc-encoding", "identity", "grpc-accept-encoding", "gzip", "x-info", "1", "x-info", "2")
		got := whole(t, r)
		got.is(t, false, status.Unavailable, "try again €")
		if string(got.status.Details) != "raw bytes" || got.status.Header.Len() != 0 {
			t.Errorf("details %q, header %v", got.status.Details, got.status.Header)
		}
		want := metadata.New("grpc-status-details-bin", "raw bytes", "x-info", "1", "x-info", "2")
		same(t, "trailer", got.status.Trailer, want)
	})
	t.Run("93_trailers_only_ok", func(t *testing.T) {
		whole(t, answer().with("grpc-status", "0")).is(t, false, status.OK, "")
	})
	t.Run("93_connection_lost_behind_trailers_only", func(t *testing.T) {
		r := answer().with("grpc-status", "14")
		r.broken = errors.New("reset")
		whole(t, r).is(t, false, status.Unavailable, "")
	})
	t.Run("94_body_wins_over_status_in_headers", func(t *testing.T) {
		r := answer(trailers("grpc-status: 9\r\nx-end: 1\r\n")).with("grpc-status", "8", "x-begin", "1")
		for name, r := range map[string]response{"200": r, "503": {http: 503, fields: r.fields, chunks: r.chunks}} {
			t.Run(name, func(t *testing.T) {
				got := whole(t, r)
				got.is(t, true, status.FailedPrecondition, "")
				same(t, "header", got.status.Header, metadata.New("x-begin", "1"))
				if got.status.Trailer.Get("x-end") != "1" || got.status.Trailer.Get("x-begin") != "" {
					t.Errorf("trailer %v", got.status.Trailer)
				}
			})
		}
	})
	t.Run("95_lone_trailers_frame_commits", func(t *testing.T) {
		got := whole(t, answer(trailers("grpc-status: 14\r\ngrpc-retry-pushback-ms: 20\r\n")))
		got.is(t, true, status.Unavailable, "")
	})
	t.Run("101_status_not_exposed", func(t *testing.T) {
		got := whole(t, answer())
		got.is(t, true, status.Unknown, "Access-Control-Expose-Headers")
	})
	t.Run("101_no_hint_where_a_body_came", func(t *testing.T) {
		got := whole(t, answer(message("x")))
		got.is(t, true, status.Unknown, "without a trailers frame", "x")
	})
	t.Run("102_pushback_not_exposed", func(t *testing.T) {
		got := whole(t, answer().with("grpc-status", "14"))
		if _, ok := got.status.Trailer.Lookup("grpc-retry-pushback-ms"); ok || got.status.Code != status.Unavailable {
			t.Errorf("%v, trailer %v", got.status, got.status.Trailer)
		}
	})
	t.Run("headers_are_the_applications_own", func(t *testing.T) {
		got := whole(t, answer(trailers(okTrailers)).with("grpc-encoding", "identity", "x-one", "1"))
		same(t, "header", got.status.Header, metadata.New("x-one", "1"))

		var x Exchange
		if x.Head(200, answer().with("x-one", "1").fields) != Headers {
			t.Fatal("no commit")
		}
		same(t, "header", x.Header(), metadata.New("x-one", "1"))
	})
}

func TestContentType(t *testing.T) {
	for contentType, want := range map[string]status.Code{
		"application/grpc-web":                      status.OK,
		"application/grpc-web+proto":                status.OK,
		"Application/GRPC-Web+Proto; charset=utf-8": status.OK,
		" application/grpc-web ;x=y":                status.OK,
		`application/grpc-web; x="a,b"; y="c,d"`:    status.OK,      // commas in a parameter
		"":                                          status.Unknown, // This is scenario 103.
		"text/html":                                 status.Unknown,
		"application/grpc":                          status.Unknown,
		"application/grpc-webbed":                   status.Unknown,

		"application/json; x=application/grpc-web": status.Unknown,
		"application/grpc-web,/":                   status.Unknown,
		"application/grpc-web; x=a,b, text/html":   status.Unknown,

		"application/grpc-web+json":       status.Internal,
		"application/grpc-web+thrift;x=y": status.Internal,
		"application/grpc-web-text+json":  status.Internal,
		"application/grpc-web-texts":      status.Unknown,
	} {
		r := response{http: 200, fields: metadata.New("content-type", contentType), chunks: [][]byte{trailers(okTrailers)}}
		got := whole(t, r)
		if got.status.Code != want || got.committed != (want == status.OK) {
			t.Errorf("%q: committed %v, %v; want %v", contentType, got.committed, got.status, want)
		}
		if want != status.OK && !strings.Contains(got.status.Message, contentType) {
			t.Errorf("%q is not named: %v", contentType, got.status)
		}
		told := r.with("grpc-status", "5") // The status is read before the type.
		if got := whole(t, told); want != status.OK && (got.status.Code != status.NotFound || got.committed) {
			t.Errorf("%q with a grpc-status: committed %v, %v", contentType, got.committed, got.status)
		}
	}
}

func TestStatusOf(t *testing.T) {
	for text, want := range map[string]status.Code{
		"0": status.OK, "16": status.Unauthenticated, "006": status.AlreadyExists,
		"17": status.Unknown, "-1": status.Unknown, "": status.Unknown, "fourteen": status.Unknown,
		"14, 14": status.Unavailable, "14,014 , 14": status.Unavailable, "0, 13": status.Unknown, "13, 0": status.Unknown,
		"14,": status.Unknown, ",": status.Unknown, "1e1": status.Unknown, "4294967296": status.Unknown,
	} {
		if got := statusOf(metadata.New("grpc-status", text, "grpc-message", "m%C3")); got.Code != want {
			t.Errorf("grpc-status %q: %v; want %v", text, got, want)
		} else if got.Code != status.Unknown && got.Message != "m�" || !strings.Contains(got.Message, "m") {
			t.Errorf("grpc-status %q: message %q", text, got.Message)
		}
	}
	if got := statusOf(metadata.MD{}); got.Code != status.Unknown || !strings.Contains(got.Message, "no grpc-status") {
		t.Errorf("without grpc-status: %v", got)
	}
}

func same(t *testing.T, what string, got, want metadata.MD) {
	t.Helper()
	if g, w := wire.AppendTrailer(nil, got), wire.AppendTrailer(nil, want); string(g) != string(w) {
		t.Errorf("%s %q; want %q", what, g, w)
	}
}
