package server

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// exchange is one HTTP exchange, which a handler inside grpc-go can break. It is the ResponseWriter that the gRPC-Web wrapper is
// given, and the handler finds it in the request's context. The handler says how to break it and returns. The exchange breaks when
// grpc-go has written everything that the handler sent, before any layer ends the response. The layers, from the outside in:
//
//	net/http → exchange → gRPC-Web wrapper → breakable → grpc-go → handler
type exchange struct {
	w       http.ResponseWriter
	header  http.Header // the request's header
	conn    net.Conn    // set after a WebSocket upgrade
	opening *time.Timer // closes a WebSocket that sends no header
	oneWay  bool        // the exchange is over HTTP/1.1, where a response waits for the end of its request
	limits  limits
	memory  *memory
	held    atomic.Int64 // how many bytes it has taken from memory
	reading sync.Mutex   // guards the deadline for reading
	fault   atomic.Pointer[fault]
	taken   atomic.Bool // grpc-go and the wrapper may no longer write the response: what they still write is discarded
	unread  atomic.Bool // the response came before the end of the request, and stopReading has ended the reading
}

// fault says how an exchange breaks. One field is set.
type fault struct {
	cut *chaosv1.Cut
	raw *chaosv1.Raw
}

type exchangeKey struct{}

// exchangeOf returns the exchange in a handler's context. There always is one, because all calls come through serveBreakable.
func exchangeOf(ctx context.Context) *exchange { return ctx.Value(exchangeKey{}).(*exchange) }

// serveBreakable serves r with next, then breaks the exchange if a handler asked for it.
func (s *Server) serveBreakable(next http.Handler, w http.ResponseWriter, r *http.Request) {
	x := &exchange{w: w, header: r.Header.Clone(), oneWay: r.ProtoMajor == 1, limits: s.limits, memory: &s.memory}
	defer func() { s.memory.give(x.held.Load()) }()
	next.ServeHTTP(x, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x)))
	f := x.fault.Load()
	if f == nil && x.unread.Load() {
		x.linger(r.ProtoAtLeast(1, 1))
	}
	if f == nil || x.conn != nil {
		return
	}
	if f.raw != nil {
		x.reply(f.raw)
	}
	if f.cut != nil || f.raw.GetCut() {
		panic(http.ErrAbortHandler) // This is how net/http breaks a connection, without ending the response and without logging.
	}
}

// breakable stands between the wrapper and grpc-go, where frames are plain even if the client sends and gets them as text or over a
// WebSocket.
func (s *Server) breakable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		if x.conn != nil {
			x.opening.Stop()
			x.header = r.Header.Clone() // Over a WebSocket the request's header comes after the upgrade.
		}
		body := &body{ReadCloser: r.Body, exchange: x, idle: s.limits.piece}
		if s.streaming[r.URL.Path] {
			body.idle = s.limits.idle
		}
		body.beforeClose = func() {
			if x.oneWay && !body.ended.Load() && x.conn == nil {
				x.stopReading()
			}
			x.breakAt(w)
		}
		r.Body = body
		body.wait()
		if fault := malformed(r.Header); fault != "" {
			refuse(w, fault)
		} else {
			next.ServeHTTP(w, r)
		}
		// grpc-go closes the body of each call, but not of a request that it refuses with an HTTP status. In full duplex over
		// HTTP/1.1 an unread body is dangerous: net/http reads it after the response, begins to watch the connection at its end,
		// and panics ("invalid concurrent Body.Read call") when it reads the next request.
		if !body.closed.Load() {
			_ = body.Close()
		}
	})
}

// breakAt breaks the exchange, if its handler asked for that. It runs when grpc-go has written the handler's last message and closes
// the request body. That is the last moment before the wrapper writes the trailers: over a WebSocket it does so inside of this Close,
// and else right after it.
func (x *exchange) breakAt(w http.ResponseWriter) {
	f := x.fault.Load()
	if f == nil {
		return
	}
	if n := f.cut.GetPartialBytes(); n > 0 {
		_, _ = w.Write(partialFrame(n))
		_ = http.NewResponseController(w).Flush() // Whether or not this fails, the exchange breaks.
	}
	x.taken.Store(true)
	if x.conn != nil {
		_ = x.conn.Close()
	}
}

// partialFrame returns the first n bytes of a message frame that is 1024 bytes longer.
func partialFrame(n uint32) []byte {
	frame := binary.BigEndian.AppendUint32([]byte{0}, n+1024-5)
	return append(frame, make([]byte, n)...)[:n]
}

// breakWith has the exchange break when the handler returns, which it must do next. sent says whether the handler has sent headers or
// messages. If not, the response head that grpc-go writes for every call must not reach the client.
func (x *exchange) breakWith(f fault, sent bool) {
	if !sent {
		x.taken.Store(true)
	}
	x.fault.Store(&f)
}

// exposed lists the response headers of gRPC that a client must be able to read, and that a raw reply may have.
const exposed = "grpc-status, grpc-message, grpc-status-details-bin, grpc-retry-pushback-ms, grpc-encoding"

// reply answers with an HTTP response that is not made by gRPC. The wrapper's CORS layer has already put Access-Control-Allow-Origin
// into the header.
func (x *exchange) reply(raw *chaosv1.Raw) {
	header := x.w.Header()
	names := []string{exposed}
	for _, m := range raw.GetHeader() {
		header.Add(m.GetName(), textValue(m))
		names = append(names, m.GetName())
	}
	header.Set("Access-Control-Expose-Headers", strings.Join(names, ", "))
	x.w.WriteHeader(int(raw.GetHttpStatus()))
	control := http.NewResponseController(x.w)
	for _, part := range raw.GetBody() {
		if _, err := x.w.Write(part); err != nil {
			return // The client has left.
		}
		_ = control.Flush()
	}
	if raw.GetCut() {
		_ = control.Flush() // Even without a body, the head must arrive.
	}
}

// textValue returns a metadata value as it stands in an HTTP header.
func textValue(m *chaosv1.Metadata) string {
	if strings.HasSuffix(m.GetName(), "-bin") {
		return base64.RawStdEncoding.EncodeToString(m.GetBinary())
	}
	return m.GetValue()
}

func (x *exchange) Header() http.Header {
	if x.taken.Load() {
		return http.Header{}
	}
	return x.w.Header()
}

func (x *exchange) WriteHeader(code int) {
	if !x.taken.Load() {
		x.w.WriteHeader(code)
	}
}

func (x *exchange) Write(p []byte) (int, error) {
	if x.taken.Load() {
		return len(p), nil
	}
	return x.w.Write(p)
}

// Flush is here because grpc-go requires an http.Flusher.
func (x *exchange) Flush() {
	if !x.taken.Load() {
		_ = http.NewResponseController(x.w).Flush()
	}
}

// Hijack is here because the wrapper's WebSocket library requires an http.Hijacker. Over HTTP/2 it fails.
func (x *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(x.w).Hijack()
	if err == nil {
		x.conn = conn
		// The hijacked connection has no deadline, and the library sets none.
		x.opening = time.AfterFunc(x.limits.piece, func() { _ = conn.Close() })
	}
	return conn, rw, err
}

// stopReading ends a Read that waits for more of the request. Without it, over HTTP/1.1, a call could not end whose handler answers
// before the end of the request: grpc-go waits for the goroutine that reads the request, and that goroutine waits for the client.
func (x *exchange) stopReading() {
	x.w.Header().Set("Connection", "close") // On an open connection, the rest of this request would be read as the next one.
	x.reading.Lock()
	defer x.reading.Unlock()
	x.unread.Store(true)
	x.setReadDeadline(time.Unix(1, 0))
}

// linger ends a response that came before the end of its request, and reads what the client still sends. Without that, the connection
// would be closed while it holds unread bytes, which resets it: the client's next write fails, and it may never read the response.
// net/http would close the connection at once, because a body whose Read has met a deadline cannot be read further. So linger takes
// the connection from net/http, and must then write the end of the chunked response body itself. HTTP/1.0 has no such end.
//
// A client that reads the end closes the connection, which ends the wait. A client that has not read it when the time is over may
// still lose the response, because over HTTP/1.1 a server cannot tell a client to stop sending. Raw responses do not linger.
func (x *exchange) linger(chunked bool) {
	control := http.NewResponseController(x.w)
	_ = control.Flush() // If the client has left, the reading below ends at once.
	conn, _, err := control.Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(x.limits.linger))
	if chunked {
		_, _ = io.WriteString(conn, "0\r\n\r\n")
	}
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, conn)
}
