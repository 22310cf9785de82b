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

// exchange is one HTTP exchange that a handler deep inside grpc-go can break. It stands in for the ResponseWriter around the
// gRPC-Web wrapper and travels to the handler in the request's context. The handler names the fault and returns; the fault
// happens when grpc-go has written everything the handler sent, before anybody writes an ending:
//
//	net/http → exchange → gRPC-Web wrapper → breakable → grpc-go → handler
type exchange struct {
	w       http.ResponseWriter
	header  http.Header // as the request came in
	conn    net.Conn    // after a WebSocket upgrade
	opening *time.Timer // closes a WebSocket that sends no headers
	oneWay  bool        // HTTP/1.1: a response waits for the end of its request
	limits  limits
	memory  *memory
	held    atomic.Int64 // what it has taken of memory
	reading sync.Mutex   // guards the deadline for reading
	fault   atomic.Pointer[fault]
	taken   atomic.Bool // the response is no longer gRPC's: what it still writes goes nowhere
	unread  atomic.Bool // the response came before the end of the request, which stopReading gave up
}

// fault is how an exchange breaks; one field is set.
type fault struct {
	cut *chaosv1.Cut
	raw *chaosv1.Raw
}

type exchangeKey struct{}

// exchangeOf is the exchange of a handler's context; every one has it, because all calls come through serveBreakable.
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
		panic(http.ErrAbortHandler) // net/http's own way to break a connection: no ending, no log entry
	}
}

// breakable stands between the wrapper and grpc-go, where frames are still plain whatever the wrapper makes of them.
func (s *Server) breakable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		if x.conn != nil {
			x.opening.Stop()
			x.header = r.Header.Clone() // a WebSocket sends its headers after the upgrade
		}
		body := &body{ReadCloser: r.Body, exchange: x, idle: s.limits.piece}
		if s.streaming[r.URL.Path] {
			body.idle = s.limits.idle
		}
		body.before = func() {
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
		// grpc-go closes the body of each call, but not of a request that it refuses with an HTTP status. One that is left
		// unread is dangerous in full duplex over HTTP/1.1: net/http then reads it after the response, begins to watch the
		// connection at its end, and panics ("invalid concurrent Body.Read call") when it reads the next request.
		if !body.closed.Load() {
			_ = body.Close()
		}
	})
}

// breakAt runs when grpc-go has written the handler's last message and closes the request body. The wrapper writes the
// trailers of a WebSocket from inside that Close, and those of a body right after: this is the last moment before either.
func (x *exchange) breakAt(w http.ResponseWriter) {
	f := x.fault.Load()
	if f == nil {
		return
	}
	if n := f.cut.GetPartialBytes(); n > 0 {
		_, _ = w.Write(partialFrame(n))
		_ = http.NewResponseController(w).Flush() // it breaks either way
	}
	x.taken.Store(true)
	if x.conn != nil {
		_ = x.conn.Close()
	}
}

// partialFrame is the first n bytes of a data frame that is 1024 bytes longer.
func partialFrame(n uint32) []byte {
	frame := binary.BigEndian.AppendUint32([]byte{0}, n+1024-5)
	return append(frame, make([]byte, n)...)[:n]
}

// breakWith asks for a fault; the handler returns right after. sent tells whether it already sent headers or messages:
// if not, the head that grpc-go writes for every call must not get out either.
func (x *exchange) breakWith(f fault, sent bool) {
	if !sent {
		x.taken.Store(true)
	}
	x.fault.Store(&f)
}

// exposed are the response headers that a client needs to read and that a raw reply may carry.
const exposed = "grpc-status, grpc-message, grpc-status-details-bin, grpc-retry-pushback-ms, grpc-encoding"

// reply answers past gRPC. The wrapper's CORS layer has already put Access-Control-Allow-Origin into the header.
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
			return // the client left
		}
		_ = control.Flush()
	}
	if raw.GetCut() {
		_ = control.Flush() // the head at least arrives
	}
}

// textValue is a metadata value as HTTP carries it.
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

// Flush exists because grpc-go insists on an http.Flusher.
func (x *exchange) Flush() {
	if !x.taken.Load() {
		_ = http.NewResponseController(x.w).Flush()
	}
}

// Hijack exists because the wrapper's WebSocket library insists on an http.Hijacker. HTTP/2 has no connection to give away.
func (x *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(x.w).Hijack()
	if err == nil {
		x.conn = conn
		x.opening = time.AfterFunc(x.limits.piece, func() { _ = conn.Close() }) // it has no deadline, and the library sets none
	}
	return conn, rw, err
}

// stopReading ends a Read of the request that waits for more. A handler that answers before the end of the request could not
// be done otherwise, over HTTP/1.1: grpc-go waits for its reader, and that for the client.
func (x *exchange) stopReading() {
	x.w.Header().Set("Connection", "close") // what is left of the request would be taken for the next one
	x.reading.Lock()
	defer x.reading.Unlock()
	x.unread.Store(true)
	x.setReadDeadline(time.Unix(1, 0))
}

// lingering is how long a connection outlives a response that came before the end of its request, unless the client closes it.
// That is long because a client may read nothing before it has written what it has: Node's fetch does not, of a source that
// never makes it wait.
const lingering = 5 * time.Second

// linger ends a response that came before the end of its request, and takes in what the client still sends. A connection that
// closes with something unread is reset: the client's next write fails, and it may never read the response. net/http would
// close at once, because a body whose Read ran into a deadline cannot be read on; so the connection is taken from it, and with
// it the end of the chunked body, which HTTP/1.0 does not have.
//
// A client that reads the end closes the connection, and nothing waits any longer. One that has not read it after all that time
// may still lose the response: over HTTP/1.1 nobody can tell a client to stop sending. Responses past gRPC (Raw) do not linger.
func (x *exchange) linger(chunked bool) {
	control := http.NewResponseController(x.w)
	_ = control.Flush() // a client that has left shows below
	conn, _, err := control.Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(lingering))
	if chunked {
		_, _ = io.WriteString(conn, "0\r\n\r\n")
	}
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, conn)
}
