package exchange

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/text"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// statusOfHead is statusOf for a response head. fetch returns each byte of a header as a
// character of its own, so UTF-8 that was not percent-encoded must be restored.
func statusOfHead(fields metadata.MD) *status.Status {
	if message, ok := fields.Lookup("grpc-message"); ok {
		fields = fields.Clone()
		fields.Set("grpc-message", wire.UnLatin1(message))
	}
	return statusOf(fields)
}

// statusOf reads grpc-status, grpc-message and grpc-status-details-bin, from
// headers or from trailers.
func statusOf(fields metadata.MD) *status.Status {
	number, ok := fields.Lookup("grpc-status")
	if !ok {
		return status.New(status.Unknown, "the response's trailers have no grpc-status")
	}
	message := validUTF8(wire.DecodePercent(fields.Get("grpc-message")))
	code, said, agreed := codesOf(fields)
	st := new(status.Status)
	switch {
	case !agreed:
		st.Code, st.Message = status.Unknown, "the response has several values of grpc-status, "+text.Quote(said)+"; its grpc-message: "+text.Quote(message)
	case code < 0 || code > int64(status.MaxCode):
		st.Code, st.Message = status.Unknown, "the response's grpc-status is "+text.Quote(number)+", which is not a status code; its grpc-message: "+text.Quote(message)
		if code > 0 && code <= math.MaxInt32 {
			st.RawCode = int(code)
		}
	default:
		st.Code, st.Message = status.Code(code), message
	}
	if details, ok := fields.Lookup("grpc-status-details-bin"); ok {
		st.Details = []byte(details)
	}
	return st
}

// codesOf reads all values of grpc-status. There may be several of them, because a proxy
// may have added one; fetch joins them with commas. It returns the first as a number,
// which is -1 if it is not one, all of them as text, and whether all are the same.
func codesOf(fields metadata.MD) (code int64, said string, agreed bool) {
	first := true
	agreed = true
	for i := range fields.Len() {
		f := fields.At(i)
		if f.Name != "grpc-status" {
			continue
		}
		for rest, more := f.Value, true; more; {
			var one string
			one, rest, more = text.Cut(rest, ',')
			n, ok := text.Number(text.Trim(one))
			if !ok {
				n = -1
			}
			switch {
			case first:
				code, said, first = n, one, false
			case n != code:
				agreed = false
				said += "," + one
			}
		}
	}
	return code, said, agreed
}

// validUTF8 replaces bytes that are not UTF-8 by U+FFFD.
func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

func withTrailer(st *status.Status, fields metadata.MD) *status.Status {
	st.Trailer = userMetadata(fields)
	return st
}

// userMetadata leaves out the fields of the protocol, which are either in the Status or
// of interest only to the transport (SEMANTICS 5.1b). It also leaves out fields with a
// control character in their name, which the form in which metadata is passed on cannot
// represent.
func userMetadata(fields metadata.MD) metadata.MD {
	var md metadata.MD
	for i := range fields.Len() {
		if f := fields.At(i); forUsers(f.Name) {
			if md.Len() == 0 {
				md.Grow(fields.Len() - i)
			}
			md.Append(f.Name, f.Value)
		}
	}
	return md
}

func forUsers(name string) bool {
	switch name {
	case "content-type", "content-encoding", "grpc-status", "grpc-message", "grpc-encoding", "grpc-accept-encoding":
		return false
	}
	return printable(name)
}

func printable(name string) bool {
	for i := range len(name) {
		if name[i] < ' ' || name[i] == 0x7f {
			return false
		}
	}
	return true
}

// fromHTTP returns the status for a response that has no gRPC status
// (SEMANTICS 5.4a, gRPC doc/http-grpc-status-mapping.md).
func fromHTTP(httpStatus int) *status.Status {
	told := "the server answered with HTTP status " + text.Decimal(httpStatus) +
		" and no grpc-status: the response comes from a proxy or a web server, not from a gRPC service"
	switch httpStatus {
	case 404, 405: // what web servers say of a path or a method that they do not know
		told += ". Check the base URL: /package.Service/Method is added to it, and the result is not served as gRPC-Web there"
	}
	return status.New(codeOfHTTP(httpStatus), told)
}

// redirects reports whether an HTTP status points elsewhere, as all of 3xx do but
// 304 Not Modified.
func redirects(httpStatus int) bool {
	return httpStatus >= 300 && httpStatus < 400 && httpStatus != 304
}

// redirected is the status of a redirect that was not followed; 0 stands for an HTTP
// status that is not known. Proxies that keep sessions answer so when one has ended.
func redirected(httpStatus int) *status.Status {
	told := ""
	if httpStatus != 0 {
		told = " (HTTP status " + text.Decimal(httpStatus) + ")"
	}
	return status.New(status.Unknown, "the server answered with a redirect"+told+", as a proxy does whose session has ended. Redirects are "+
		"followed only where the option redirect is \"follow\"")
}

func codeOfHTTP(httpStatus int) status.Code {
	switch httpStatus {
	case 400:
		return status.Internal
	case 401:
		return status.Unauthenticated
	case 403:
		return status.PermissionDenied
	case 404:
		return status.Unimplemented
	case 429, 502, 503, 504:
		return status.Unavailable
	}
	return status.Unknown
}

// These close codes of WebSockets have a meaning of their own here (RFC 6455, 7.4).
const (
	closedNormally   = 1000
	closedSilently   = 1005 // the close frame had no code
	closedAbnormally = 1006 // there was no close frame: the connection was lost
)

// codeOfClose returns the status code for a WebSocket that was closed with a code before
// the trailers came (SEMANTICS 5.8e).
func codeOfClose(code int) status.Code {
	switch code {
	case 1001, closedAbnormally, 1012, 1013, 1014, 1015: // going away, restart, overload, bad gateway, TLS
		return status.Unavailable
	case 1002, 1003, 1007, 1010, 1011: // the protocol was violated, or the server failed
		return status.Internal
	case 1008:
		return status.PermissionDenied
	case 1009:
		return status.ResourceExhausted
	}
	return status.Unknown
}

const webType = "application/grpc-web"

// readContentType refuses a response that is not gRPC-Web in protobuf: another type is
// UNKNOWN, another codec INTERNAL (SEMANTICS 5.1d). The response says whether its body
// is text, whatever was requested. If it has several types, as where a proxy adds its
// own, they must be the same.
func readContentType(fields metadata.MD) (inText bool, foreign *status.Status) {
	var all string
	types := 0
	for i := range fields.Len() {
		f := fields.At(i)
		if f.Name != "content-type" {
			continue
		}
		if all != "" {
			all += ", "
		}
		all += f.Value
	}
	for rest, more := all, true; more; {
		var one string
		one, rest, more = text.Cut(rest, ',')
		if types > 0 && strings.IndexByte(one, '/') < 0 {
			continue // This is the rest of a parameter that has a comma.
		}
		t, st := readOneType(one, all)
		switch types++; {
		case st != nil:
			return false, st
		case types == 1:
			inText = t
		case t != inText:
			return false, foreignType(all)
		}
	}
	return inText, nil
}

func readOneType(contentType, all string) (inText bool, foreign *status.Status) {
	media, _, _ := text.Cut(contentType, ';')
	codec, ok := strings.CutPrefix(wire.LowerASCII(text.Trim(media)), webType)
	codec, inText = strings.CutPrefix(codec, "-text")
	switch {
	case ok && (codec == "" || codec == "+proto"):
		return inText, nil
	case ok && codec[0] == '+':
		return false, status.New(status.Internal, "the response's content-type is "+text.Quote(all)+
			", but "+webType+"+proto was requested")
	}
	return false, foreignType(all)
}

func foreignType(contentType string) *status.Status {
	return status.New(status.Unknown, "the response's content-type is "+text.Quote(contentType)+
		", not "+webType+": what answers there is not a gRPC-Web server. Check the base URL")
}
