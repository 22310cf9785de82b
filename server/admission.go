package server

import (
	"encoding/base64"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
)

// admitsHost reports whether a request is meant for this server. A page may rebind its own name to this machine's address (DNS
// rebinding). The browser then sees page and server as one origin, so CORS does not keep the page out, but the Host header still has
// the page's name. Names that cannot be rebound are accepted: loopback, and the address that the connection was made to.
func (s *Server) admitsHost(r *http.Request) bool {
	host := hostOf(r.Host)
	if host == "" || isLoopback(host) || contains(s.hosts, host) { // HTTP/1.0 need not name a host, but no browser uses it.
		return true
	}
	address, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	ip, err := netip.ParseAddr(host)
	return err == nil && address != nil && ip.Unmap().WithZone("") == address.AddrPort().Addr().Unmap().WithZone("")
}

// admitsOrigin reports whether a page of that origin may call the server.
func (s *Server) admitsOrigin(origin string) bool {
	if contains(s.origins, origin) || slices.Contains(s.origins, "*") {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && isLoopback(hostOf(u.Host))
}

// admitsSocket is admitsOrigin for WebSockets. A browser lets any page open one, so only the server can check the origin. Programs
// outside browsers send no origin, and are admitted.
func (s *Server) admitsSocket(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || s.admitsOrigin(origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host) // It is the server's own page, under a name that admitsHost accepted.
}

// hostOf returns the host of "host:port", without brackets and without a dot at its end.
func hostOf(hostport string) string {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	return strings.TrimSuffix(strings.Trim(host, "[]"), ".")
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") || len(host) > 10 && strings.EqualFold(host[len(host)-10:], ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func contains(list []string, s string) bool {
	return slices.ContainsFunc(list, func(one string) bool { return strings.EqualFold(one, s) })
}

// refuseHost answers a request that was meant for another server.
func refuseHost(w http.ResponseWriter, r *http.Request) {
	http.Error(w, "This server does not answer to the name "+strconv.Quote(hostOf(r.Host))+". Call it by localhost or by its address, "+
		"or start it with -allow-host and that name.", http.StatusForbidden)
}

// malformed says what is wrong with those request headers that grpc-go would refuse with a bare HTTP 400. It is empty if nothing is.
func malformed(h http.Header) string {
	if timeout := h.Get("Grpc-Timeout"); timeout != "" && !isTimeout(timeout) {
		return "grpc-timeout is " + quote(timeout) + "; give at most eight digits and one of the units H M S m u n"
	}
	for name, values := range h {
		if !strings.HasSuffix(strings.ToLower(name), "-bin") {
			continue
		}
		for _, value := range values {
			if !isBase64(value) {
				return strings.ToLower(name) + " is " + quote(value) + ", which is not base64"
			}
		}
	}
	return ""
}

func isTimeout(s string) bool {
	digits := len(s) - 1
	if digits < 1 || digits > 8 || !strings.Contains("HMSmun", s[digits:]) {
		return false
	}
	return strings.Trim(s[:digits], "0123456789") == ""
}

// isBase64 reports whether grpc-go can decode a value.
func isBase64(s string) bool {
	encoding := base64.RawStdEncoding
	if len(s)%4 == 0 {
		encoding = base64.StdEncoding
	}
	_, err := encoding.DecodeString(s)
	return err == nil
}

// quote quotes a value, or only its beginning if it is long.
func quote(s string) string {
	if len(s) > 40 {
		return strconv.Quote(s[:40]) + "…"
	}
	return strconv.Quote(s)
}

// refuse answers with INVALID_ARGUMENT, in the form in which grpc-go ends calls.
func refuse(w http.ResponseWriter, message string) {
	h := w.Header()
	h.Set("Content-Type", "application/grpc")
	h.Set("Grpc-Status", strconv.Itoa(int(codes.InvalidArgument)))
	h.Set("Grpc-Message", url.PathEscape(message))
	w.WriteHeader(http.StatusOK)
}
