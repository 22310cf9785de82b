package grpcweb_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/driverscripts"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

// The scripts that the npm package runs too: see package driverscripts.
func TestScripts(t *testing.T) {
	scripts, err := driverscripts.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scripts {
		scenario(t, s.Name, func(t *testing.T) {
			if s.Problems != nil {
				wantAll(t, "refused", paths(t, scriptOptions(t, s)...), s.Problems...)
				return
			}
			r := &scriptRun{t: t, script: s, begun: time.Now()}
			r.run()
			r.check()
		})
	}
}

// scriptRun is a script as it runs, and what the application has seen.
type scriptRun struct {
	t       *testing.T
	script  driverscripts.Script
	begun   time.Time
	network *fake.Network
	channel *grpcweb.Channel
	stream  *grpcweb.Stream
	cancel  context.CancelFunc

	mu       sync.Mutex
	received []string
	accepted []int
	err      error // of the end; io.EOF for OK
	endAt    int
	response *grpcweb.Response
}

func (r *scriptRun) now() int { return int(time.Since(r.begun) / time.Millisecond) }

func (r *scriptRun) run() {
	r.network = scriptNetwork(r.script)
	r.channel = open(r.t, r.network, scriptOptions(r.t, r.script)...)
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	r.cancel = cancel
	if r.script.TimeoutMs > 0 {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(r.script.TimeoutMs)*time.Millisecond)
		defer cancel()
	}
	switch r.script.Before {
	case "cancel":
		r.cancel()
	case "closeChannel":
		r.channel.Close()
	}
	if r.script.Call == "unary" {
		go func() {
			res, err := r.channel.Unary(ctx, method, ping)
			if r.response = res; err == nil {
				r.got(string(res.Message))
			}
			r.ended(err)
		}()
	} else {
		s, err := r.channel.NewStream(ctx, method)
		if err != nil {
			r.t.Fatal(err)
		}
		r.stream = s
	}
	for _, step := range r.script.Steps {
		time.Sleep(time.Duration(step.At-r.now()) * time.Millisecond)
		r.step(step)
		synctest.Wait()
	}
	time.Sleep(time.Minute) // on the bubble's clock: whatever is still to come has come
	synctest.Wait()
	if r.stream != nil && r.err == nil { // the reader has left
		_, err := r.stream.Recv()
		r.ended(err)
	}
}

func (r *scriptRun) step(s driverscripts.Step) {
	switch {
	case s.Send != nil:
		go func() {
			if err := r.stream.Send([]byte(*s.Send)); err == nil {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.accepted = append(r.accepted, r.now())
			}
		}()
	case s.HalfClose:
		r.stream.CloseSend()
	case s.Read != nil:
		count := 1 << 30
		_ = json.Unmarshal(s.Read, &count) // "all" leaves it as it is
		go r.read(count)
	case s.Cancel:
		r.cancel()
	case s.Leave:
		r.stream.Close()
	case s.CloseChannel:
		r.channel.Close()
	}
}

func (r *scriptRun) read(count int) {
	for range count {
		message, err := r.stream.Recv()
		if err != nil {
			r.ended(err)
			return
		}
		r.got(string(message))
	}
}

func (r *scriptRun) got(message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.received = append(r.received, message)
}

func (r *scriptRun) ended(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.endAt = r.now(); err == nil {
		err = io.EOF
	}
	r.err = err
}

// ending is how the call ended, as a status: of a good end too.
func (r *scriptRun) ending() *status.Status {
	if st, ok := status.FromError(r.err); ok {
		return st
	}
	if !errors.Is(r.err, io.EOF) {
		r.t.Fatalf("the call ended with %v", r.err)
	}
	if res := r.response; res != nil {
		return &status.Status{Header: res.Header, Trailer: res.Trailer, Attempts: res.Attempts, CommitReason: res.CommitReason}
	}
	header, err := r.stream.Header()
	want(r.t, "header's error", err, nil)
	return &status.Status{Header: header, Trailer: r.stream.Trailer(), Attempts: r.stream.Attempts(), CommitReason: r.stream.CommitReason()}
}

func explained(st *status.Status) string {
	if st.Code == status.OK {
		return ""
	}
	return st.Explain()
}

func (r *scriptRun) check() {
	r.t.Helper()
	st := r.ending()
	for _, difference := range r.script.Expect.Differences(driverscripts.Seen{
		Received: r.received, Code: int(st.Code), Message: st.Message, Explains: explained(st), Reason: st.CommitReason.String(), Attempts: attemptTexts(st.Attempts),
		Header: valuesOf(st.Header), Trailer: valuesOf(st.Trailer), EndAt: r.endAt, Accepted: r.accepted, Requests: r.requests(),
	}) {
		r.t.Error(difference)
	}
}

func valuesOf(md metadata.MD) map[string][]string {
	values := map[string][]string{}
	for name, value := range md.All() {
		values[name] = append(values[name], value)
	}
	return values
}

func attemptTexts(records []status.AttemptRecord) []string {
	var texts []string
	for _, record := range records {
		text := record.Kind.String() + " " + record.Outcome.String()
		if record.Code != status.None {
			text += fmt.Sprintf(" %d", record.Code)
		}
		texts = append(texts, text)
	}
	return texts
}

// scriptOptions are a script's options as those of a Go channel.
func scriptOptions(t *testing.T, s driverscripts.Script) []grpcweb.Option {
	t.Helper()
	opts := []grpcweb.Option{grpcweb.WithRandom(half)}
	switch s.Policy {
	case "retry":
		opts = append(opts, grpcweb.WithServiceConfigJSON(driverscripts.RetryConfig))
	case "hedge":
		opts = append(opts, grpcweb.WithServiceConfigJSON(driverscripts.HedgeConfig))
	}
	names := make([]string, 0, len(s.Options))
	for name := range s.Options {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		opts = append(opts, scriptOption(t, name, s.Options[name]))
	}
	if s.Prepare != nil {
		opts = append(opts, grpcweb.WithPerAttemptMetadata(func(ctx context.Context, a grpcweb.Attempt) (metadata.MD, error) {
			return scriptPrepare(s.Prepare[a.Number-1])
		}))
	}
	if s.Refresh != nil {
		runs := 0 // one at a time
		opts = append(opts, grpcweb.WithCredentialsRefresh(func(ctx context.Context) error {
			r := s.Refresh[runs]
			runs++
			select {
			case <-time.After(time.Duration(r.After) * time.Millisecond):
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			if r.Error != "" {
				return errors.New(r.Error)
			}
			return nil
		}))
	}
	return opts
}

func scriptOption(t *testing.T, name string, value json.RawMessage) grpcweb.Option {
	t.Helper()
	var number int64
	var word string
	_, _ = json.Unmarshal(value, &number), json.Unmarshal(value, &word)
	index := func(words ...string) int {
		i := slices.Index(words, word)
		if i < 0 {
			t.Fatalf("%s = %s", name, value)
		}
		return i
	}
	switch name {
	case "serviceConfig":
		return grpcweb.WithServiceConfigJSON(string(value))
	case "maxRetryAttempts":
		if number == 0 { // which stands for the default in Go
			number = -1 << 40
		}
		return grpcweb.WithRawNumber(name, number)
	case "maxRetryBufferSize", "maxRetryBufferPerCallSize", "maxReceiveMessageBytes", "maxSendMessageBytes", "defaultTimeoutMs":
		return grpcweb.WithRawNumber(name, number)
	case "jitter":
		return grpcweb.WithJitter(grpcweb.Jitter(index("full", "plusMinus20")))
	case "headerCommit":
		return grpcweb.WithHeaderCommit(grpcweb.HeaderCommit(index("strict", "firstFrame")))
	case "attemptHeader":
		return grpcweb.WithAttemptHeader(grpcweb.AttemptHeader(index("auto", "always", "never")))
	case "format":
		return grpcweb.WithFormat(grpcweb.Format(index("binary", "text")))
	case "metadata":
		var fields map[string]string
		if err := json.Unmarshal(value, &fields); err != nil {
			t.Fatal(err)
		}
		return grpcweb.WithMetadata(fieldsOf(fields))
	}
	t.Fatalf("the option %s is not known to this test", name)
	return nil
}

func scriptPrepare(p driverscripts.Prepare) (metadata.MD, error) {
	time.Sleep(time.Duration(p.After) * time.Millisecond)
	switch {
	case p.Error != "":
		return metadata.MD{}, errors.New(p.Error)
	case p.Status != nil:
		return metadata.MD{}, &status.Status{Code: status.Code(p.Status.Code), Message: p.Status.Message, Trailer: fieldsOf(p.Status.Trailer)}
	}
	return fieldsOf(p.Metadata), nil
}

func fieldsOf(fields map[string]string) metadata.MD {
	var md metadata.MD
	for name, value := range fields {
		md.Append(strings.ToLower(name), value)
	}
	return md
}
