package channel

import (
	"strconv"
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/hedge"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/text"
	"github.com/hedgerow-web/hedgerow/retry"
)

// Channel is a base URL with its config, throttle and replay buffer. It is not
// safe for concurrent use: a driver guards it and its calls together.
type Channel struct {
	options  Options
	base     string // the base URL without a slash at its end
	throttle *call.Throttle
	quota    *call.Quota
	methods  map[string]*method // those that were called
	origin   *Origin
	warnings []Warning
}

// method is what holds for a method: looked up and checked at its first call.
type method struct {
	config  *serviceconfig.Method
	refusal *status.Status // why no call of it can be made; nil: it can
	lost    bool           // it was told that a retry was lost to trailers in the body
	hidden  bool           // it was told that CORS hides the status
}

// maxMethods bounds what is remembered, should a program make up names.
const maxMethods = 1000

func (ch *Channel) method(path string) *method {
	if m := ch.methods[path]; m != nil {
		return m
	}
	m := &method{config: ch.options.Config.Lookup(path), refusal: checkMethod(path)}
	if m.config == nil {
		m.config = new(serviceconfig.Method)
	}
	if len(ch.methods) < maxMethods {
		ch.methods[strings.Clone(path)] = m // path may be a part of something larger
	}
	return m
}

// Warning is something that the developer should know and that is no error.
type Warning struct {
	Kind string // one of the TypeScript package's WarningKind
	Text string
	// Headers that a server on another origin must allow, and expose.
	Allow, Expose []string
}

// New makes the channel, its options valid.
func New(o Options) *Channel {
	ch := &Channel{
		options: o,
		base:    strings.TrimRight(o.BaseURL, "/"),
		methods: make(map[string]*method),
		quota:   call.NewQuota(o.MaxRetryBufferSize, o.MaxRetryBufferPerCallSize),
		origin:  o.Origin,
	}
	if ch.origin == nil {
		ch.origin = new(Origin)
	}
	if o.Config != nil {
		if t := o.Config.Throttling; t != nil {
			ch.throttle = call.NewThrottle(t.MaxTokens, t.TokenRatioThousandth)
		}
		ch.warnClamped()
	}
	return ch
}

// Warnings are what was noticed when the channel was made.
func (ch *Channel) Warnings() []Warning { return ch.warnings }

// Buffered is how many bytes the channel's uncommitted calls hold for replay.
func (ch *Channel) Buffered() int64 { return ch.quota.Used() }

// warnClamped tells of policies that ask for more attempts than the channel
// allows. They are no mistake (SEMANTICS 1.4 V2). Who has switched retries off
// knows it.
func (ch *Channel) warnClamped() {
	if ch.options.MaxRetryAttempts < 2 {
		return
	}
	for i := range ch.options.Config.Methods {
		m := &ch.options.Config.Methods[i]
		asked, field := 0, ""
		switch {
		case m.Retry != nil:
			asked, field = m.Retry.MaxAttempts, "retryPolicy"
		case m.Hedging != nil:
			asked, field = m.Hedging.MaxAttempts, "hedgingPolicy"
		}
		if int64(asked) > ch.options.MaxRetryAttempts {
			ch.warnings = append(ch.warnings, Warning{
				Kind: "policyClamped",
				Text: "methodConfig[" + strconv.Itoa(i) + "]." + field + ".maxAttempts is " + strconv.Itoa(asked) +
					", but the channel allows " + strconv.FormatInt(ch.options.MaxRetryAttempts, 10) +
					": raise the channel's maxRetryAttempts to allow more",
			})
		}
	}
}

// plan is a method config's policy as a plan for one call, and how many attempts it
// allows.
func (ch *Channel) plan(m *serviceconfig.Method) (call.Plan, int) {
	if ch.options.MaxRetryAttempts < 2 {
		return call.Once{}, 1
	}
	switch {
	case m.Retry != nil:
		n := ch.clamp(m.Retry.MaxAttempts)
		return retry.NewPlan(m.Retry, n, ch.options.Jitter, ch.options.Random), n
	case m.Hedging != nil:
		n := ch.clamp(m.Hedging.MaxAttempts)
		return hedge.NewPlan(m.Hedging, n), n
	}
	return call.Once{}, 1
}

func (ch *Channel) clamp(attempts int) int {
	return int(min(int64(attempts), ch.options.MaxRetryAttempts))
}

// smallest is the lowest of a limit of the service config and others.
func smallest(configured *int64, others ...int64) int64 {
	lowest := Unlimited
	if configured != nil {
		lowest = *configured
	}
	for _, o := range others {
		lowest = min(lowest, o)
	}
	return lowest
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
