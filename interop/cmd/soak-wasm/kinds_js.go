package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// kind is a kind of call, and how it ends.
type kind struct {
	name string
	ends status.Code
	call caller
}

// kinds are those of calls over the page's own fetch (wasm/npm/soak/fake.mjs), and of calls and
// streams to the demo server.
var kinds = map[string][]kind{
	"fake": {
		{"unary", status.OK, unary("/soak.Retried/Once", nil)},
		{"retried", status.OK, unary("/soak.Retried/BusyOnce", nil)},
		{"unary", status.OK, unary("/soak.Retried/Once", nil)},
		{"retried in vain", status.Unavailable, unary("/soak.Retried/Busy", nil)},
		{"unary", status.OK, unary("/soak.Plain/Once", nil)},
		{"without a response", status.Unavailable, unary("/soak.Retried/Lost", nil)},
		{"hedged", status.OK, unary("/soak.Hedged/Once", nil)},
		{"not found", status.NotFound, unary("/soak.Retried/Missing", nil)},
		{"answered by a web server", status.Unimplemented, unary("/soak.Plain/Html", nil)},
		{"late", status.DeadlineExceeded, within(2*time.Millisecond, unary("/soak.Plain/Silent", nil))},
		{"canceled", status.Canceled, canceled(unary("/soak.Plain/Silent", nil))},
		{"stream", status.OK, stream("/soak.Plain/Stream", nil, false)},
		{"stream that is left", status.OK, stream("/soak.Plain/Endless", nil, true)},
		{"stream that is refused", status.NotFound, stream("/soak.Plain/Refused", nil, false)},
		{"stream that breaks off", status.Unavailable, stream("/soak.Plain/Broken", nil, false)},
	},
	"real": {
		{"unary", status.OK, unary(do, script())},
		{"retried", status.OK, unary(do, script(failing(14), &chaosv1.Step{}))},
		{"not found", status.NotFound, unary(do, script(failing(5)))},
		{"cut off at first", status.OK, unary(do, script(&chaosv1.Step{End: cut}, &chaosv1.Step{}))},
		{"refused in vain", status.Unavailable, unary(do, script(failing(14)))},
		{"late", status.DeadlineExceeded, within(20*time.Millisecond, unary(do, script(&chaosv1.Step{End: hang})))},
		{"canceled", status.Canceled, canceled(unary(do, script(&chaosv1.Step{End: hang})))},
	},
	"streams": {
		{"stream", status.OK, stream(replies, script(&chaosv1.Step{Messages: proto.Uint32(5)}), false)},
		{"stream, retried", status.OK, stream(replies, script(failing(14), &chaosv1.Step{Messages: proto.Uint32(5)}), false)},
		{"stream that is left", status.OK, stream(replies, script(&chaosv1.Step{Messages: proto.Uint32(1), End: hang}), true)},
		{"stream that is refused", status.NotFound, stream(replies, script(refusing(3)), false)},
		{"stream that is cut off", status.Unavailable, stream(replies, script(&chaosv1.Step{EarlyHeader: true, Messages: proto.Uint32(2), End: cut}), false)},
		{"late stream", status.DeadlineExceeded, within(30*time.Millisecond, stream(replies, script(&chaosv1.Step{EarlyHeader: true, End: hang}), false))},
	},
}

const (
	do      = "/hedgerow.chaos.v1.Chaos/Do"
	replies = "/hedgerow.chaos.v1.Chaos/Stream"
)

var (
	hang = &chaosv1.Step_Hang{Hang: &chaosv1.Hang{}}
	cut  = &chaosv1.Step_Cut{Cut: &chaosv1.Cut{}}
	run  = time.Now().UnixNano() // tells this run's calls from others'
)

func failing(code int32) *chaosv1.Step {
	return &chaosv1.Step{End: &chaosv1.Step_Status{Status: &chaosv1.Status{Code: code}}}
}

func refusing(messages uint32) *chaosv1.Step {
	s := failing(5)
	s.Messages = &messages
	return s
}

// script makes the request of call number i. The server tells attempts of a call by its id.
func script(steps ...*chaosv1.Step) func(i int) []byte {
	return func(i int) []byte {
		request, err := proto.Marshal(&chaosv1.Request{CallId: fmt.Sprint("soak ", run, i), Steps: steps})
		if err != nil {
			panic(err)
		}
		return request
	}
}

func requestOf(script func(int) []byte, i int) []byte {
	if script == nil {
		return []byte("hello")
	}
	return script(i)
}

// caller makes a call within a context.
type caller func(ctx context.Context, ch *grpcweb.Channel, i int) error

func unary(method string, script func(int) []byte) caller {
	return func(ctx context.Context, ch *grpcweb.Channel, i int) error {
		_, err := ch.Unary(ctx, method, requestOf(script, i))
		return err
	}
}

// within ends the call when so much time has passed.
func within(d time.Duration, call caller) caller {
	return func(ctx context.Context, ch *grpcweb.Channel, i int) error {
		ctx, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		return call(ctx, ch, i)
	}
}

// canceled cancels the call after some milliseconds.
func canceled(call caller) caller {
	return func(ctx context.Context, ch *grpcweb.Channel, i int) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		time.AfterFunc(3*time.Millisecond, cancel)
		return call(ctx, ch, i)
	}
}

// stream reads the answers to one message to their end, or leaves after the first one.
func stream(method string, script func(int) []byte, leaves bool) caller {
	return func(ctx context.Context, ch *grpcweb.Channel, i int) error {
		s, err := ch.NewStream(ctx, method, grpcweb.WithWholeRequest())
		if err != nil {
			return err
		}
		defer s.Close()
		if err := s.Send(requestOf(script, i)); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err := s.CloseSend(); err != nil {
			return err
		}
		for {
			_, err := s.Recv()
			switch {
			case errors.Is(err, io.EOF) || err == nil && leaves:
				return nil
			case err != nil:
				return err
			}
		}
	}
}
