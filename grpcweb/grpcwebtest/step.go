package grpcwebtest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Step is how one request is answered. Make it by Reply, Fail and the other functions of this package. Its methods return changed
// copies, so a Step may be used several times.
type Step struct {
	kind     kind
	times    int // for how many requests; endless: for all that follow
	wait     time.Duration
	header   metadata.MD
	trailer  metadata.MD
	messages [][]byte
	steps    []Step

	code     status.Code
	http     int
	text     string // grpc-message, or the body of an HTTP error
	pushback string
	err      error

	do       func(context.Context, *Request) Step
	converse func(context.Context, *Request) iter.Seq[Step]
}

type kind uint8

const (
	nothing kind = iota // the zero Step, which nobody means
	reply
	sequence
	failure
	hang
	cut
	networkError
	httpError
	function
	conversation
)

// Reply answers with messages, which are serialized protobuf, and the status OK. Within a Sequence it adds messages, and ends nothing.
func Reply(messages ...[]byte) Step { return Step{kind: reply, times: 1, messages: messages} }

// Sequence answers with what its steps say, one after another: the messages of Reply, each after the delay that After gives it, and at
// the end a Fail, Hang, Cut or NetworkError. Without such an end, the status is OK. The response's header is sent at once, so a Fail in
// a Sequence comes after the header, which commits a call unless the channel's header commit is firstFrame.
func Sequence(steps ...Step) Step { return Step{kind: sequence, times: 1, steps: steps} }

// Fail answers with a status other than OK, in a response that has no body (Trailers-Only), so that it may be retried.
func Fail(code status.Code) Step { return Step{kind: failure, times: 1, code: code} }

// Hang never answers; within a Sequence, it never says anything more. The end of the call's context ends it.
func Hang() Step { return Step{kind: hang, times: 1} }

// Cut ends the body without a status, as a proxy does that has lost its server. As a step of its own, it does so after the header.
func Cut() Step { return Step{kind: cut, times: 1} }

// NetworkError fails as a network does that has lost the connection: before a response; or within a Sequence, in its body.
func NetworkError(text string) Step {
	if text == "" {
		text = "the connection was lost"
	}
	return Step{kind: networkError, times: 1, err: errors.New(text)}
}

// HTTPError answers with an HTTP status and a page, as proxies do that know nothing of gRPC.
func HTTPError(code int) Step {
	return Step{kind: httpError, times: 1, http: code, text: fmt.Sprintf("<h1>%d %s</h1>", code, http.StatusText(code))}
}

// Do answers with the step that a function returns. The function is called when the request begins, in the attempt's goroutine. It may
// read the request, and its context ends when the attempt is aborted. The request need not have been read before the answer.
func Do(f func(ctx context.Context, r *Request) Step) Step {
	return Step{kind: function, times: 1, do: f}
}

// Converse answers with a header at once, and then with a Sequence whose steps a function makes as they are needed. It may read the
// request's messages in between, as a bidirectional server does. The function's context ends when the attempt is aborted.
func Converse(f func(ctx context.Context, r *Request) iter.Seq[Step]) Step {
	return Step{kind: conversation, times: 1, converse: f}
}

// Times returns the step for the next n requests.
func (s Step) Times(n int) Step {
	if s.times = n; n < 1 {
		s.times = 0 // On refuses it.
	}
	return s
}

// Always returns the step for all requests that follow. None need come.
func (s Step) Always() Step {
	s.times = endless
	return s
}

// After returns the step, so much later; in a Sequence, so long after the step before it.
func (s Step) After(d time.Duration) Step {
	s.wait += d
	return s
}

// WithMessage returns a Fail with this grpc-message. Default: none.
func (s Step) WithMessage(text string) Step {
	s.text = text
	return s
}

// WithDetails returns a Fail with this grpc-status-details-bin, a serialized google.rpc.Status. Default: none.
func (s Step) WithDetails(details []byte) Step {
	return s.WithTrailer("grpc-status-details-bin", string(details))
}

// WithPushback returns a Fail which says after how long to try again (grpc-retry-pushback-ms, in whole milliseconds). A negative
// duration forbids another attempt. Default: the server does not say.
func (s Step) WithPushback(after time.Duration) Step {
	s.pushback = strconv.FormatInt(after.Milliseconds(), 10)
	if after < 0 {
		s.pushback = "-1"
	}
	return s
}

// WithHeader returns the step with more header metadata, as names and values in turn. Values of -bin names are raw bytes.
func (s Step) WithHeader(namesAndValues ...string) Step {
	s.header = s.header.Clone()
	s.header.AppendAll(metadata.New(namesAndValues...))
	return s
}

// WithTrailer returns the step with more trailer metadata, as names and values in turn. Values of -bin names are raw bytes.
func (s Step) WithTrailer(namesAndValues ...string) Step {
	s.trailer = s.trailer.Clone()
	s.trailer.AppendAll(metadata.New(namesAndValues...))
	return s
}

// check says what is wrong with a step, and is empty if nothing is.
func (s Step) check() string {
	switch {
	case s.kind == nothing:
		return "is the zero Step: make it by Reply, Fail, or another function"
	case s.times == 0:
		return "is for no request: Times takes 1 or more"
	case s.wait < 0:
		return fmt.Sprintf("comes %v after: give a duration that is not negative", s.wait)
	case s.kind == failure && (s.code == status.OK || s.code > status.Unauthenticated):
		return fmt.Sprintf("fails with the code %d: give one from 1 to 16, such as status.Unavailable", s.code)
	case s.kind == httpError && (s.http < 200 || s.http > 599):
		return fmt.Sprintf("has the HTTP status %d: give one from 200 to 599", s.http)
	}
	for i, part := range s.steps {
		if problem := part.check(); problem != "" {
			return fmt.Sprintf("has a part, number %d, which %s", i+1, problem)
		}
		if !part.mayBePart() {
			return fmt.Sprintf("has a part, number %d, that is %s: a Sequence takes Reply, Fail, Hang, Cut and NetworkError", i+1, part)
		}
	}
	return ""
}

func (s Step) mayBePart() bool {
	return slices.Contains([]kind{reply, failure, hang, cut, networkError}, s.kind)
}

// String returns the step as it was written, roughly.
func (s Step) String() string {
	text := map[kind]string{
		nothing: "Step{}", reply: "Reply(…)", hang: "Hang()", cut: "Cut()", networkError: "NetworkError(…)",
		function: "Do(…)", conversation: "Converse(…)",
	}[s.kind]
	switch s.kind {
	case failure:
		text = fmt.Sprintf("Fail(%v)", s.code)
	case httpError:
		text = fmt.Sprintf("HTTPError(%d)", s.http)
	case sequence:
		var parts []string
		for _, part := range s.steps {
			parts = append(parts, part.String())
		}
		text = "Sequence(" + strings.Join(parts, ", ") + ")"
	}
	if s.wait != 0 {
		text += fmt.Sprintf(".After(%v)", s.wait)
	}
	switch {
	case s.times == endless:
		text += ".Always()"
	case s.times > 1:
		text += fmt.Sprintf(".Times(%d)", s.times)
	}
	return text
}

// statusFields returns the fields of a status, and the step's trailers.
func (s Step) statusFields() metadata.MD {
	md := metadata.New("grpc-status", strconv.Itoa(int(s.code)))
	if s.text != "" {
		md.Append("grpc-message", wire.EncodePercent(s.text))
	}
	if s.pushback != "" {
		md.Append("grpc-retry-pushback-ms", s.pushback)
	}
	md.AppendAll(s.trailer)
	return md
}
