package server

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"path"
)

// contentSecurityPolicy lets the page run its own scripts and WebAssembly, and call servers on this machine: the demo page of one
// port of this server calls the other port too.
const contentSecurityPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self' http://localhost:* https://localhost:* http://127.0.0.1:* https://127.0.0.1:* ws://localhost:* wss://localhost:* " +
	"ws://127.0.0.1:* wss://127.0.0.1:*; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// contentTypes are fixed here because otherwise the operating system's table would decide, and browsers refuse WebAssembly and
// modules that have a wrong type.
var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".json": "application/json",
	".map":  "application/json",
	".mjs":  "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".wasm": "application/wasm",
}

// portsPath is the path at which the page reads which ports serve it.
const portsPath = "/ports.json"

func newSite(files fs.FS, ports Ports) http.Handler {
	next := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, r.Method+" "+r.URL.Path+" is neither a request for a page nor a gRPC-Web request. A gRPC-Web request is a POST "+
				"with the content-type application/grpc-web; its preflight names x-grpc-web.", http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		if t := contentTypes[path.Ext(r.URL.Path)]; t != "" {
			h.Set("Content-Type", t)
		}
		if r.URL.Path == portsPath {
			_ = json.NewEncoder(w).Encode(ports) // If this fails, the client has left and needs no answer.
			return
		}
		next.ServeHTTP(w, r)
	})
}
