package server

import (
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/improbable-eng/grpc-web/go/grpcweb"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // reads gzip requests, and answers them in kind
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"github.com/hedgerow-web/hedgerow/demo"
	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
	"github.com/hedgerow-web/hedgerow/server/script"
)

// Options of New. The zero value is ready to use.
type Options struct {
	// Site is served to everything that is not gRPC. Default: the demo page.
	Site fs.FS
	// AllowHeaders are the request headers that a cross-origin page may send, besides x-grpc-web and x-user-agent. Default:
	// all that the preflight asks for. A fixed list without grpc-previous-rpc-attempts is what breaks retries in many
	// deployments: give one to see it.
	AllowHeaders []string
	// Ports are where the page finds this server over the other protocol. Default: unknown, and the page offers no other.
	Ports Ports
	// AllowHosts are names and addresses that the server is called by, besides localhost, loopback addresses and the address
	// that a connection was made to, which are always taken. A request to another host is refused.
	AllowHosts []string
	// AllowOrigins are the origins ("https://app.example") whose pages may call the server, besides those on this machine
	// (http and https, localhost and loopback addresses, any port). "*": all.
	AllowOrigins []string
	// MaxCalls is how many call ids Report remembers; the least recently used one is forgotten first. Default: 4096.
	MaxCalls int

	limits *limits // for tests
}

// Ports that serve the same Server; 0: none.
type Ports struct {
	HTTP  int `json:"http,omitempty"`  // HTTP/1.1
	HTTPS int `json:"https,omitempty"` // HTTP/2, over TLS
}

// fixedList is a path under which the same methods answer preflights from a list that has all that a first attempt sends and
// lacks grpc-previous-rpc-attempts: what a gateway that was configured before its clients retried looks like from a browser.
const fixedList = "/fixed-list"

var fixedHeaders = []string{"Content-Type", "X-Grpc-Web", "X-User-Agent", "Grpc-Timeout"}

// Server is an http.Handler for HTTP/1.1 and HTTP/2: gRPC-Web (binary, text, and the wrapper's WebSocket dialect), native gRPC
// where the connection is HTTP/2, and the site. It serves helloworld.Greeter, hedgerow.chaos.v1.Chaos, health and reflection.
type Server struct {
	grpc  *grpc.Server
	web   *grpcweb.WrappedGrpcServer
	fixed *grpcweb.WrappedGrpcServer // under fixedList
	site  http.Handler

	hosts, origins []string        // of Options
	streaming      map[string]bool // paths of the methods that take a stream
	limits         limits
	memory         memory
}

// New builds a Server. It listens nowhere: hand it to an http.Server or to httptest. Close it after use.
func New(o Options) *Server {
	if o.Site == nil {
		o.Site = demo.FS()
	}
	allow := []string{"*"}
	if o.AllowHeaders != nil {
		allow = append([]string{"X-Grpc-Web", "X-User-Agent"}, o.AllowHeaders...) // without these there is no gRPC-Web at all
	}
	if o.MaxCalls == 0 {
		o.MaxCalls = 4096
	}
	s := &Server{
		grpc:      grpc.NewServer(grpc.MaxRecvMsgSize(script.MaxMessage), grpc.MaxSendMsgSize(script.MaxMessage+1<<20), grpc.ForceServerCodecV2(newCodec())),
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

// wrap makes gRPC-Web of gRPC, for pages that may send these request headers.
func (s *Server) wrap(allow []string) *grpcweb.WrappedGrpcServer {
	return grpcweb.WrapHandler(s.breakable(s.grpc),
		grpcweb.WithOriginFunc(s.admitsOrigin),
		grpcweb.WithAllowedRequestHeaders(allow),
		// An unknown method must get UNIMPLEMENTED, not a CORS failure that looks like a dead network.
		grpcweb.WithCorsForRegisteredEndpointsOnly(false),
		grpcweb.WithWebsockets(true),
		grpcweb.WithWebsocketOriginFunc(s.admitsSocket),
		grpcweb.WithWebsocketsMessageReadLimit(script.MaxMessage+1<<10),
	)
}

// ServeHTTP serves one request. Concurrent use is safe.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		// For a body that nobody reads: net/http reads it then, to get at the next request. For a call, breakable sets others.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.limits.piece))
	}
	if !s.admitsHost(r) {
		refuseHost(w, r)
		return
	}
	// Lets a page on another origin read nextHopProtocol and the phases of a fetch.
	w.Header().Set("Timing-Allow-Origin", "*")
	web := s.web
	if path, found := strings.CutPrefix(r.URL.Path, fixedList+"/"); found {
		web, r = s.fixed, r.Clone(r.Context())
		r.URL.Path, r.URL.RawPath = "/"+path, ""
	}
	if isCall(web, r) {
		if r.ProtoMajor == 1 && r.Method == http.MethodPost {
			// Else net/http stops reading the request when the first answer goes out. A writer that cannot be so is
			// a test's recorder, which has read it all.
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

// Close cancels every call in flight and serves no more; the responses end without a status. Calling it twice is safe.
func (s *Server) Close() { s.grpc.Stop() }
