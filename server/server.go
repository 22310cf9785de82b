package server

import (
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/improbable-eng/grpc-web/go/grpcweb"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // The server reads requests compressed with gzip, and compresses their responses.
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"github.com/hedgerow-web/hedgerow/demo"
	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
	"github.com/hedgerow-web/hedgerow/server/script"
)

// Options are the options of New. The zero value is ready to use.
type Options struct {
	// Site is served to requests that are not gRPC. Default: the demo page.
	Site fs.FS
	// AllowHeaders are the request headers that a cross-origin page may send, besides x-grpc-web and x-user-agent. Default: all
	// headers for which a preflight asks. In many deployments retries fail because the list is fixed and lacks
	// grpc-previous-rpc-attempts: give such a list to see it.
	AllowHeaders []string
	// Ports are the ports at which the page finds this server over HTTP/1.1 and over HTTP/2. Default: unknown, so that the page
	// does not offer the other protocol.
	Ports Ports
	// AllowHosts are names and addresses by which the server may be called. Localhost, loopback addresses and the address that a
	// connection was made to are always allowed. A request to another host is refused.
	AllowHosts []string
	// AllowOrigins are the origins ("https://app.example") whose pages may call the server. Pages on this machine (http or https,
	// from localhost or a loopback address, at any port) are always allowed. "*" allows all.
	AllowOrigins []string
	// Faults makes all methods wait and fail, for apps whose calls do not script their faults themselves. Default: none.
	Faults Faults
	// MaxCalls is how many call ids Report remembers; the least recently used one is forgotten first. Default: 4096.
	MaxCalls int

	limits *limits // is set by tests only
}

// Ports are the ports that serve one Server; 0 means that there is none.
type Ports struct {
	HTTP  int `json:"http,omitempty"`  // HTTP/1.1
	HTTPS int `json:"https,omitempty"` // HTTP/2, over TLS
}

// fixedList is a path under which preflights for the same methods are answered from a fixed list. The list has all headers that a
// first attempt sends, but not grpc-previous-rpc-attempts. To a browser, this is a gateway that was configured before its clients
// retried.
const fixedList = "/fixed-list"

var fixedHeaders = []string{"Content-Type", "X-Grpc-Web", "X-User-Agent", "Grpc-Timeout"}

// Server is an http.Handler for HTTP/1.1 and HTTP/2: gRPC-Web (binary, text, and the wrapper's WebSocket dialect), native gRPC
// where the connection is HTTP/2, and the site. It serves helloworld.Greeter, hedgerow.chaos.v1.Chaos, health and reflection.
type Server struct {
	grpc  *grpc.Server
	web   *grpcweb.WrappedGrpcServer
	fixed *grpcweb.WrappedGrpcServer // serves what is under fixedList
	site  http.Handler

	hosts, origins []string        // as in Options
	streaming      map[string]bool // whether the method at a path takes a stream
	limits         limits
	memory         memory
}

// New makes a Server. It does not listen: pass it to an http.Server or to httptest. Close it after use.
func New(o Options) *Server {
	if o.Site == nil {
		o.Site = demo.FS()
	}
	if err := o.Faults.Check(); err != nil {
		panic("server: Options." + err.Error())
	}
	allow := []string{"*"}
	if o.AllowHeaders != nil {
		allow = append([]string{"X-Grpc-Web", "X-User-Agent"}, o.AllowHeaders...) // Without these two, no gRPC-Web call is possible.
	}
	if o.MaxCalls == 0 {
		o.MaxCalls = 4096
	}
	s := &Server{
		grpc: grpc.NewServer(append(o.Faults.options(), grpc.MaxRecvMsgSize(script.MaxMessage),
			grpc.MaxSendMsgSize(script.MaxMessage+1<<20), grpc.ForceServerCodecV2(newCodec()))...),
		site:      newSite(o.Site, o.Ports),
		hosts:     o.AllowHosts,
		origins:   o.AllowOrigins,
		streaming: map[string]bool{},
		limits:    usual,
	}
	if o.limits != nil {
		s.limits = *o.limits
	}
	s.memory.limit = s.limits.held
	helloworld.RegisterGreeterServer(s.grpc, greeter{})
	chaosv1.RegisterChaosServer(s.grpc, &chaos{calls: script.NewCalls(o.MaxCalls)})
	grpc_health_v1.RegisterHealthServer(s.grpc, health.NewServer())
	reflection.Register(s.grpc)
	for service, info := range s.grpc.GetServiceInfo() {
		for _, method := range info.Methods {
			s.streaming["/"+service+"/"+method.Name] = method.IsClientStream
		}
	}
	s.web, s.fixed = s.wrap(allow), s.wrap(fixedHeaders)
	return s
}

// wrap serves gRPC as gRPC-Web, to pages that may send these request headers.
func (s *Server) wrap(allow []string) *grpcweb.WrappedGrpcServer {
	return grpcweb.WrapHandler(s.breakable(s.grpc),
		grpcweb.WithOriginFunc(s.admitsOrigin),
		grpcweb.WithAllowedRequestHeaders(allow),
		// A call to an unknown method must end with UNIMPLEMENTED, not with a CORS failure, which looks like a network that is down.
		grpcweb.WithCorsForRegisteredEndpointsOnly(false),
		grpcweb.WithWebsockets(true),
		grpcweb.WithWebsocketOriginFunc(s.admitsSocket),
		grpcweb.WithWebsocketsMessageReadLimit(script.MaxMessage+1<<10),
	)
}

// ServeHTTP serves one request. It is safe for concurrent use.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		// This deadline is for a body that no handler reads: net/http then reads it to get at the next request. For the bodies of
		// calls, breakable sets other deadlines.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.limits.piece))
	}
	if !s.admitsHost(r) {
		refuseHost(w, r)
		return
	}
	// This lets a page of another origin read nextHopProtocol and the phases of a fetch.
	w.Header().Set("Timing-Allow-Origin", "*")
	web := s.web
	if path, found := strings.CutPrefix(r.URL.Path, fixedList+"/"); found {
		web, r = s.fixed, r.Clone(r.Context())
		r.URL.Path, r.URL.RawPath = "/"+path, ""
	}
	if isCall(web, r) {
		if r.ProtoMajor == 1 && r.Method == http.MethodPost {
			// Without this, net/http stops reading the request when the first part of the response is sent. It fails only for a
			// recorder in tests, where the whole request is there already.
			_ = http.NewResponseController(w).EnableFullDuplex()
		}
		s.serveBreakable(web, w, r)
		return
	}
	s.site.ServeHTTP(w, r)
}

func isCall(web *grpcweb.WrappedGrpcServer, r *http.Request) bool {
	return web.IsGrpcWebRequest(r) || web.IsAcceptableGrpcCorsRequest(r) || web.IsGrpcWebSocketRequest(r) ||
		r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc")
}

// Close cancels every call in progress and serves no more; the responses end without a status. Calling it twice is safe.
func (s *Server) Close() { s.grpc.Stop() }
