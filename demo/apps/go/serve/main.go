// Command serve serves the folder dist, as any web server could, with a
// Content-Security-Policy that allows WebAssembly and the calls.
package main

import (
	"flag"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	addr := flag.String("addr", "localhost:3000", "`address` to listen on")
	api := flag.String("api", "", "where the gRPC-Web server is, such as http://localhost:8080; default: where the page is from")
	dir := flag.String("dir", "dist", "`folder` to serve")
	flag.Parse()
	page, err := os.ReadFile(filepath.Join(*dir, "index.html"))
	if err != nil {
		log.Fatal(err)
	}
	policy := strings.TrimSpace("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src data:; " +
		"base-uri 'none'; form-action 'none'; connect-src 'self' " + *api)
	files := http.FileServer(http.Dir(*dir))
	log.Print("http://", *addr)
	log.Fatal(http.ListenAndServe(*addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Cache-Control", "no-cache")
		switch {
		case r.URL.Path == "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte(strings.Replace(string(page), `name="api" content=""`, `name="api" content="`+*api+`"`, 1)))
			return
		case strings.HasSuffix(r.URL.Path, ".wasm"):
			w.Header().Set("Content-Type", "application/wasm") // which compiling as it comes in needs
		}
		files.ServeHTTP(w, r)
	})))
}
