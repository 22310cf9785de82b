//go:build !js

package house

import "slices"

// drawing has every package of the module, and what the package may import beside the standard library. Imports that are not drawn
// are forbidden, and so are packages that are not drawn. Tests may import anything.
var drawing = map[string]room{
	// The core decides: no goroutine, channel, mutex, context, clock, I/O, fmt or JavaScript.
	"internal/text":         core(),
	"grpcweb/metadata":      core("internal/text"),
	"internal/explain":      core(),
	"grpcweb/status":        core("grpcweb/metadata", "internal/explain", "internal/text"),
	"internal/wire":         core("grpcweb/metadata", "grpcweb/status", "internal/text"),
	"internal/exchange":     core("internal/wire", "grpcweb/metadata", "grpcweb/status", "internal/text"),
	"grpcweb/plan":          core("grpcweb/status", "grpcweb/metadata"),
	"retry":                 core("grpcweb/plan", "grpcweb/status"),
	"hedge":                 core("grpcweb/plan", "grpcweb/status", "internal/text"),
	"internal/endpoints":    core("grpcweb/plan"),
	"internal/attempts":     core("grpcweb/plan", "internal/endpoints", "internal/explain", "grpcweb/status", "internal/text"),
	"grpcweb/serviceconfig": core("retry", "hedge", "grpcweb/plan", "grpcweb/status", "internal/text"),
	"internal/state":        core("internal/text"),
	"internal/channel":      core("hedge", "retry", "internal/attempts", "internal/endpoints", "internal/state", "grpcweb/plan", "grpcweb/serviceconfig", "grpcweb/metadata", "grpcweb/status", "internal/text"),
	"internal/call": core("internal/channel", "internal/attempts", "grpcweb/plan", "internal/exchange", "internal/wire",
		"grpcweb/serviceconfig", "grpcweb/metadata", "grpcweb/status", "internal/text"),

	// The two drivers carry out what the core decides: one with goroutines, context and time, the other in JavaScript's event loop.
	"grpcweb/transport": driver("grpcweb/metadata"),
	"grpcweb":           driver("grpcweb/transport").and(coreRooms...),
	"internal/abi":      core(),
	// The memory of TinyGo's build, whose addresses are numbers.
	"internal/heap": inside(),
	// The table of the ABI, and what generates Go, TypeScript and a page of documentation from it; no program links them.
	"internal/abi/table":    driver("internal/explain", "internal/attempts", "internal/call", "internal/channel", "internal/wire", "grpcweb/status"),
	"internal/abi/generate": driver("internal/abi/table"),
	// The part of JavaScript, played in Go: by tests, and by the program that records tapes, with which two builds are compared.
	"internal/abi/abitest": driver("internal/abi", "internal/abi/table", "internal/wire", "grpcweb/status"),
	"internal/abi/tape":    driver("internal/abi", "internal/abi/abitest", "internal/hostdriver"),
	"internal/hostdriver":  core("internal/abi").and(coreRooms...),
	"jsbridge/host":        inside("internal/abi", "internal/heap"),
	"wasm":                 inside("jsbridge/host", "internal/hostdriver", "internal/abi"),

	// Packages around the two drivers.
	"grpcweb/grpcconn": driver("grpcweb", "grpcweb/grpcerror", "grpcweb/metadata", "grpcweb/status").modules("google.golang.org/grpc",
		"google.golang.org/protobuf", "google.golang.org/genproto/googleapis/rpc"),
	// Typed calls, and codecs for them; the codecs are packages of their own so that a program links only the one that it uses.
	"grpcweb/protocall":                        driver("grpcweb", "grpcweb/metadata", "grpcweb/status"),
	"grpcweb/protocall/protocodec":             driver("grpcweb/protocall").modules("google.golang.org/protobuf"),
	"grpcweb/protocall/vtcodec":                driver("grpcweb/protocall"),
	"grpcweb/protocall/protoc-gen-go-hedgerow": driver().modules("google.golang.org/protobuf"),
	"jsbridge": driver("grpcweb/transport", "internal/wire", "grpcweb/metadata", "grpcweb/status").modules("github.com/hack-pad/safejs"),
	// A command that makes programs for js/wasm lighter. It runs natively.
	"internal/slim": driver(),
	"jsbridge/slim": driver("internal/slim"),
	// The scripts that tests of both drivers run; nothing but tests imports it.
	"internal/driverscripts": driver("internal/wire"),
	"internal/fake":          driver("grpcweb/transport", "internal/wire", "grpcweb/metadata", "grpcweb/status"),
	"grpcweb/dynamic":        driver("grpcweb", "grpcweb/metadata", "grpcweb/status").modules("google.golang.org/protobuf"),
	"grpcweb/grpcerror": driver("grpcweb/status").modules("google.golang.org/grpc", "google.golang.org/protobuf",
		"google.golang.org/genproto/googleapis/rpc"),
	"grpcweb/grpcwebtest":    driver("grpcweb", "grpcweb/transport", "internal/wire", "grpcweb/metadata", "grpcweb/status"),
	"grpcweb/httptransport":  driver("grpcweb/transport", "internal/wire", "grpcweb/metadata", "grpcweb/status"),
	"internal/transporttest": driver("grpcweb/transport", "internal/wire", "grpcweb/metadata", "grpcweb/status"),
	// Random walks of a call, which the tests of a call and of the npm package's driver both take.
	"internal/walks": driver(coreRooms...),
	// Tests reach the real server over these, natively and in JavaScript; nothing but tests imports them.
	"internal/networks": driver("grpcweb/transport", "grpcweb/httptransport", "jsbridge", "server").modules("github.com/hack-pad/safejs"),
	// Hedging simulated in virtual time, and the command that measures what it promises.
	"internal/agenda":       driver("grpcweb/plan"),
	"internal/hedgesim":     driver("hedge", "internal/agenda", "internal/attempts", "grpcweb/plan", "grpcweb/status"),
	"internal/hedgesim/run": driver("internal/hedgesim"),
	// A channel with several endpoints simulated likewise, and the command that measures what it promises.
	"internal/endpointsim":     driver("hedge", "retry", "internal/agenda", "internal/attempts", "internal/endpoints", "grpcweb/plan", "grpcweb/status"),
	"internal/endpointsim/run": driver("grpcweb/plan", "internal/endpointsim"),
	// A fleet of pages simulated in virtual time, and the command that measures what it promises.
	"internal/fleetsim":     driver("retry", "internal/agenda", "internal/attempts", "grpcweb/plan", "grpcweb/status"),
	"internal/fleetsim/run": driver("internal/fleetsim"),
	"internal/house":        driver(),

	// The demo and its server, which nobody else imports.
	"demo":   driver(),
	"server": driver("demo", "server/script", "server/proto/helloworld", "server/proto/chaos/v1").modules(serverModules...),
	// Shared with the second server, in the module interop.
	"server/script":           driver("server/proto/chaos/v1").modules("google.golang.org/protobuf"),
	"server/launch":           driver(),
	"server/proto/helloworld": driver().modules(serverModules...),
	"server/proto/chaos/v1":   driver().modules(serverModules...),
	// What protoc-gen-go-hedgerow generates.
	"server/proto/helloworld/helloworldhedgerow": driver("grpcweb", "grpcweb/protocall", "server/proto/helloworld"),
	"server/proto/chaos/v1/chaosv1hedgerow":      driver("grpcweb", "grpcweb/protocall", "server/proto/chaos/v1"),
	"server/cmd/hedgerow-server":                 driver("server", "server/launch").modules("google.golang.org/grpc"),

	// The Go API as a client of the conformance suite.
	"conformance/client": driver("conformance/proto/connectrpc/conformance/v1", "jsbridge", "grpcweb/httptransport", "grpcweb",
		"grpcweb/transport", "grpcweb/metadata", "grpcweb/status").modules("google.golang.org/protobuf"),
	"conformance/proto/connectrpc/conformance/v1": driver().modules("google.golang.org/protobuf"),
}

var coreRooms = []string{
	"grpcweb/metadata", "grpcweb/status", "grpcweb/serviceconfig", "retry", "hedge", "internal/explain",
	"grpcweb/plan", "internal/attempts", "internal/endpoints", "internal/state", "internal/channel", "internal/call", "internal/exchange", "internal/wire", "internal/text",
}

var serverModules = []string{
	"google.golang.org/grpc", "google.golang.org/protobuf", "google.golang.org/genproto/googleapis/rpc",
	"github.com/improbable-eng/grpc-web", "golang.org/x/net",
}

// room says what a package may import: packages of this module, other modules, and which part of the standard library.
type room struct {
	imports []string
	others  []string
	std     func(path string) bool
	pure    bool // the package may have no goroutine and no channel
}

func core(imports ...string) room   { return room{imports: imports, std: light, pure: true} }
func inside(imports ...string) room { return room{imports: imports, std: lightAndUnsafe, pure: true} }
func driver(imports ...string) room { return room{imports: imports, std: notJavaScript} }

func (r room) and(imports ...string) room   { r.imports = slices.Concat(r.imports, imports); return r }
func (r room) modules(paths ...string) room { r.others = paths; return r }

// lightStd is what the core may use of the standard library: packages that decide nothing about time, threads or the outside,
// and that weigh next to nothing in the wasm program. What stands in for package strconv, which is heavy, is in internal/text.
var lightStd = []string{
	"bytes", "cmp", "encoding/base64", "errors", "iter", "maps", "math", "math/bits", "slices", "sort", "strings",
	"unicode/utf16", "unicode/utf8",
}

func light(path string) bool { return slices.Contains(lightStd, path) }

// lightAndUnsafe is for the program inside the npm package, to which JavaScript passes pointers.
func lightAndUnsafe(path string) bool {
	return light(path) || slices.Contains([]string{"math/rand/v2", "runtime", "unsafe"}, path)
}

// notJavaScript forbids syscall/js, which panics where JavaScript throws. Packages use safejs instead, which returns errors.
func notJavaScript(path string) bool { return path != "syscall/js" }

// javaScriptRooms may have files for js/wasm only. Tests may have them anywhere.
var javaScriptRooms = []string{"jsbridge", "jsbridge/host", "wasm", "conformance/client", "internal/networks"}

// hostRoom may import functions from JavaScript and export functions to it, by directive.
const hostRoom = "jsbridge/host"

// closures says what must not be linked into programs for js/wasm, because users download it. To a program of about 420 KB after
// brotli, fmt adds 85 KB, time 72, safejs 136, encoding/json 116, protobuf 531, net/http 1341, grpc 2465.
var closures = map[string]closure{
	"wasm":                         {without: []string{"syscall/js", "fmt", "time", "context", "os", "reflect", "encoding/json", "net", "log"}},
	"grpcweb":                      {without: []string{"net/http"}},
	"grpcweb/protocall":            {without: []string{"net/http"}},
	"grpcweb/protocall/protocodec": {without: []string{"net/http"}, modules: []string{"google.golang.org/protobuf"}},
	"jsbridge":                     {without: []string{"encoding/json", "log/slog", "net/http"}, modules: []string{"github.com/hack-pad/safejs"}},
}

// closure restricts all that a package links: none of these packages of the standard library, and no other modules than these.
type closure struct {
	without []string
	modules []string
}
