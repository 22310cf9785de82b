package channel

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// Method is what holds for a method: looked up and checked at its first call.
type Method struct {
	Config  *serviceconfig.Method
	Refusal *status.Status // why no call of it can be made; nil: it can

	// Whether the developer need not be warned any more, once for each method:
	Lost   bool // that a retry was lost to trailers in the body
	Hidden bool // that CORS hides the status
}

// maxMethods bounds what is remembered, should a program make up names. Methods
// beyond it are looked up for each call, and not warned of: a warning that repeats
// with every call would drown all others.
const maxMethods = 1000

// Method is what holds for the method with this path. It is looked up once.
func (ch *Channel) Method(path string) *Method {
	if m := ch.methods[path]; m != nil {
		return m
	}
	m := &Method{Config: ch.options.Config.Lookup(path), Refusal: checkMethod(path)}
	if m.Config == nil {
		m.Config = new(serviceconfig.Method)
	}
	if len(ch.methods) < maxMethods {
		ch.methods[strings.Clone(path)] = m // path may be a part of something larger
	} else {
		m.Lost, m.Hidden = true, true
	}
	return m
}

// checkMethod says what is wrong with a method's path.
func checkMethod(method string) *status.Status {
	service, name, ok := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	if !ok || method[0] != '/' || service == "" || name == "" || strings.Contains(name, "/") || dots(service) || dots(name) || !plain(method) {
		return status.New(status.Internal, "the method "+text.Quote(method)+
			` is none: write it as "/package.Service/Method"`)
	}
	return nil
}

// dots: a segment that is resolved away with the one before it.
func dots(segment string) bool { return segment == "." || segment == ".." }

// plain: nothing that would change the meaning of the URL it is appended to.
func plain(path string) bool {
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c > '~' || c == '?' || c == '#' || c == '%' || c == '\\' {
			return false
		}
	}
	return true
}
