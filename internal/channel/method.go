package channel

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/hedge"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// Method is what holds for the calls of one method. It is looked up and checked when
// the method is first called.
type Method struct {
	Config  *serviceconfig.Method
	Refusal *status.Status // why the method cannot be called; nil: it can

	// A developer is warned once for each method. These are true when no warning is
	// due any more:
	Lost   bool // that a retry was lost because the status came in the body
	Hidden bool // that CORS hides the status

	Usual float32 // what its quick answers take, in ns; 0: not known. A channel with several endpoints learns it

	tuner *hedge.Tuner // nil: the delay of its hedges is not learned
	path  string       // if it has a tuner
	used  bool         // the tuner may have learned something that is not stored yet
}

// maxMethods bounds what is remembered, should a program make up names. Methods
// beyond it are looked up for each call, and not warned of: a warning that repeats
// with every call would drown all others.
const maxMethods = 1000

// Method returns what holds for the method with this path.
func (ch *Channel) Method(path string) *Method {
	if at := ch.paths.Find(path); at >= 0 {
		return ch.methods[at]
	}
	m := &Method{Config: ch.options.Config.Lookup(path), Refusal: checkMethod(path)}
	if m.Config == nil {
		m.Config = new(serviceconfig.Method)
	}
	if m.Config.Tuned() {
		m.tuner, m.path = hedge.NewTuner(), strings.Clone(path)
		if st := ch.State(); st != nil {
			m.tuner.Restore(st.Get(hedgeState, path))
		}
	}
	if len(ch.methods) < maxMethods {
		ch.methods = append(ch.methods, m)
		ch.paths.Add(strings.Clone(path)) // path may be a part of something larger
	} else {
		m.Lost, m.Hidden = true, true
	}
	return m
}

// checkMethod says what is wrong with a method's path.
func checkMethod(method string) *status.Status {
	service, name, ok := text.Cut(strings.TrimPrefix(method, "/"), '/')
	if !ok || method[0] != '/' || service == "" || name == "" || strings.IndexByte(name, '/') >= 0 || dots(service) || dots(name) || !plain(method) {
		return status.New(status.Internal, "the method "+text.Quote(method)+
			` is not valid: write it as "/package.Service/Method"`)
	}
	return nil
}

// dots reports whether a URL parser would remove the segment.
func dots(segment string) bool { return segment == "." || segment == ".." }

// plain reports whether a path can be appended to a URL and means the same there.
func plain(path string) bool {
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c > '~' || c == '?' || c == '#' || c == '%' || c == '\\' {
			return false
		}
	}
	return true
}
