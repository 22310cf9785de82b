package dynamic_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/dynamic"
	"github.com/hedgerow-web/hedgerow/grpcweb/grpcwebtest"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/networks"
	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("runtime.handleEvent"),                             // In js/wasm it belongs to the event loop.
		goleak.IgnoreTopFunction("github.com/desertbit/timer.timerRoutine"),         // A package of the server's WebSockets starts it in its init,
		goleak.IgnoreTopFunction("github.com/desertbit/timer.(*Timer).Reset.func1"), // and never ends it.
	)
}

func want[T any](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if g, w := fmt.Sprintf("%v", got), fmt.Sprintf("%v", wanted); g != w {
		t.Errorf("%s: got %s, want %s", what, g, w)
	}
}

// compact removes the spaces that protojson adds at random.
func compact(text []byte) string {
	return strings.NewReplacer(": ", ":", ", ", ",", "{ ", "{").Replace(string(text))
}

// TestServer asks the real server what it has, over every network, and calls all kinds of methods.
func TestServer(t *testing.T) {
	for _, n := range networks.All(t) {
		t.Run(n.Name, func(t *testing.T) {
			ch, err := grpcweb.NewChannel(n.Transport, n.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer ch.Close()
			client, err := dynamic.Reflect(t.Context(), ch)
			if err != nil {
				t.Fatal(err)
			}
			want(t, "services", client.Services(), []string{
				"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
				"hedgerow.chaos.v1.Chaos", "helloworld.Greeter",
			})
			response, err := client.Unary(t.Context(), "/helloworld.Greeter/SayHello", []byte(`{"name": "Ada"}`))
			if err != nil {
				t.Fatal(err)
			}
			want(t, "response", compact(response.Message), `{"message":"Hello Ada"}`)
			want(t, "attempts", len(response.Attempts), 1)
			for _, test := range []struct {
				method   string
				messages []string
				wanted   string
			}{
				{"SayHello", []string{`{"name": "Ada"}`}, "[Hello Ada]"},
				{"LotsOfReplies", []string{`{"name": "Ada"}`}, "[Hello Ada, 1 of 5 Hello Ada, 2 of 5 Hello Ada, 3 of 5 Hello Ada, 4 of 5 Hello Ada, 5 of 5]"},
				{"LotsOfGreetings", []string{`{"name": "Ada"}`, `{"name": "Grace"}`}, "[Hello Ada, Grace]"},
				{"BidiHello", []string{`{"name": "Ada"}`, `{"name": "Grace"}`}, "[Hello Ada Hello Grace]"},
			} {
				var said []string
				var messages [][]byte
				for _, m := range test.messages {
					messages = append(messages, []byte(m))
				}
				stream, err := client.Call(t.Context(), "helloworld.Greeter."+test.method, messages, func(m []byte) error {
					var reply helloworld.HelloReply
					err := protojson.Unmarshal(m, &reply)
					said = append(said, reply.GetMessage())
					return err
				})
				want(t, test.method, fmt.Sprint(said, err), test.wanted+" <nil>")
				want(t, test.method, stream.Method().Name(), protoreflect.Name(test.method))
			}
		})
	}
}

// set returns a FileDescriptorSet of the chaos service, with or without what it imports.
func set(t *testing.T, imports bool) []byte {
	t.Helper()
	of := &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(chaosv1.File_chaos_v1_chaos_proto)}}
	if imports {
		of.File = append(of.File, protodesc.ToFileDescriptorProto(anypb.File_google_protobuf_any_proto), protodesc.ToFileDescriptorProto(helloworld.File_helloworld_helloworld_proto))
	}
	data, err := proto.Marshal(of)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// known returns a client that knows the chaos service, and the server that it calls.
func known(t *testing.T) (*dynamic.Client, *grpcwebtest.Server) {
	t.Helper()
	server := grpcwebtest.NewServer(t)
	client, err := dynamic.FromSet(server.Channel(), set(t, true))
	if err != nil {
		t.Fatal(err)
	}
	return client, server
}

func TestAnyIsKnown(t *testing.T) {
	client, server := known(t)
	server.On("/hedgerow.chaos.v1.Chaos/Do", grpcwebtest.Do(func(ctx context.Context, r *grpcwebtest.Request) grpcwebtest.Step {
		message, _ := r.Next(ctx)
		var request chaosv1.Request
		if err := proto.Unmarshal(message, &request); err != nil {
			return grpcwebtest.Fail(status.InvalidArgument).WithMessage(err.Error())
		}
		return grpcwebtest.Fail(status.Aborted).WithMessage(request.GetSteps()[0].GetStatus().GetDetails()[0].GetTypeUrl())
	}))
	_, err := client.Unary(t.Context(), "hedgerow.chaos.v1.Chaos/Do",
		[]byte(`{"steps": [{"status": {"code": 3, "details": [{"@type": "x.test/helloworld.HelloReply", "message": "hi"}]}}]}`))
	want(t, "end", err, error(status.New(status.Aborted, "x.test/helloworld.HelloReply")))
}

func TestMistakesAreToldBeforeAnythingIsSent(t *testing.T) {
	client, server := known(t)
	for method, wanted := range map[string]string{
		"Do":                             `"Do" is not the name of a method: write it as "package.Service/Method"`,
		"hedgerow.chaos.v1.Order/Do":     "nothing is named hedgerow.chaos.v1.Order; the services are hedgerow.chaos.v1.Chaos",
		"hedgerow.chaos.v1.Chaos/Undo":   "hedgerow.chaos.v1.Chaos has no method Undo; it has Do, Stream, Collect, Converse, Report",
		"hedgerow.chaos.v1.Request/Do":   "hedgerow.chaos.v1.Request is not a service",
		"hedgerow.chaos.v1.Chaos/Stream": "hedgerow.chaos.v1.Chaos.Stream streams: call it by NewStream",
		"hedgerow.chaos.v1.Chaos/Do":     `the JSON is not a hedgerow.chaos.v1.Request`,
	} {
		_, err := client.Unary(t.Context(), method, []byte(`{"nothing": 1}`))
		if st, ok := status.FromError(err); !ok || st.Code != status.Internal || !strings.Contains(st.Message, wanted) {
			t.Errorf("%s: %v, want it to say %q", method, err, wanted)
		}
	}
	want(t, "requests", len(server.Requests("")), 0)
}

func TestStreamOfBadJSONGoesOn(t *testing.T) {
	client, server := known(t)
	server.On("*", grpcwebtest.Reply(nil), grpcwebtest.Reply([]byte{0xff}))
	stream, err := client.NewStream(t.Context(), "hedgerow.chaos.v1.Chaos/Collect")
	if err != nil {
		t.Fatal(err)
	}
	want(t, "bad", status.CodeOf(stream.Send([]byte("{"))), status.Internal)
	want(t, "good", stream.Send([]byte("{}")), error(nil))
	want(t, "close", stream.CloseSend(), error(nil))
	message, err := stream.Recv()
	want(t, "answer", fmt.Sprint(string(message), err), "{}<nil>")
	_, err = stream.Recv()
	want(t, "end", errors.Is(err, io.EOF), true)

	_, err = client.Unary(t.Context(), "hedgerow.chaos.v1.Chaos/Do", nil)
	want(t, "no JSON", status.CodeOf(err), status.Internal)
	_, err = client.Unary(t.Context(), "hedgerow.chaos.v1.Chaos/Do", []byte("{}"))
	if st, ok := status.FromError(err); !ok || !strings.Contains(st.Message, "the response is not a hedgerow.chaos.v1.Reply") {
		t.Errorf("an unreadable response: %v", err)
	}
}

// question returns what reflection was asked.
func question(t *testing.T, ctx context.Context, r *grpcwebtest.Request) (number protowire.Number, value string) {
	t.Helper()
	message, err := r.Next(ctx)
	if err != nil {
		t.Error(err)
	}
	number, _, n := protowire.ConsumeTag(message)
	text, _ := protowire.ConsumeString(message[n:])
	return number, text
}

func bytesField(number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), value)
}

// A server of the old version that sends each file alone, and does not have protobuf's own files.
func TestOldReflection(t *testing.T) {
	server := grpcwebtest.NewServer(t)
	server.On("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", grpcwebtest.Fail(status.Unimplemented))
	var asked []string
	server.On("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", grpcwebtest.Do(func(ctx context.Context, r *grpcwebtest.Request) grpcwebtest.Step {
		number, value := question(t, ctx, r)
		asked = append(asked, fmt.Sprint(number, " ", value))
		switch number {
		case 7:
			return grpcwebtest.Reply(bytesField(6, bytesField(1, bytesField(1, []byte("hedgerow.chaos.v1.Chaos")))))
		case 4:
			file, err := proto.Marshal(protodesc.ToFileDescriptorProto(chaosv1.File_chaos_v1_chaos_proto))
			if err != nil {
				t.Error(err)
			}
			return grpcwebtest.Reply(bytesField(4, bytesField(1, file)))
		default:
			failure := append(protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 5), bytesField(2, []byte("no such file"))...)
			return grpcwebtest.Reply(bytesField(7, failure))
		}
	}).Always())
	client, err := dynamic.Reflect(t.Context(), server.Channel())
	if err != nil {
		t.Fatal(err)
	}
	want(t, "services", client.Services(), []string{"hedgerow.chaos.v1.Chaos"})
	want(t, "asked", strings.Join(asked, ", "), "7 , 4 hedgerow.chaos.v1.Chaos, 3 google/protobuf/any.proto")
	if _, err := client.Method("hedgerow.chaos.v1.Chaos/Do"); err != nil {
		t.Error(err)
	}
}

func TestReflectionThatFails(t *testing.T) {
	for _, test := range []struct {
		step   grpcwebtest.Step
		wanted string
	}{
		{grpcwebtest.Fail(status.Unimplemented), "the server has no reflection"},
		{grpcwebtest.Fail(status.PermissionDenied).WithMessage("not for you"), "not for you"},
		{grpcwebtest.Sequence(), "answered nothing"},
		{grpcwebtest.Reply(bytesField(7, bytesField(2, []byte("out of order")))), "UNKNOWN: out of order"},
	} {
		server := grpcwebtest.NewServer(t).On("*", test.step.Always())
		_, err := dynamic.Reflect(t.Context(), server.Channel())
		if err == nil || !strings.Contains(err.Error(), test.wanted) {
			t.Errorf("%s: got %v, want %q", test.step, err, test.wanted)
		}
	}
}

func TestSetsThatAreWrong(t *testing.T) {
	ch := grpcwebtest.NewServer(t).Channel()
	if _, err := dynamic.FromSet(ch, []byte{0xff}); err == nil || !strings.Contains(err.Error(), "no FileDescriptorSet") {
		t.Errorf("got %v", err)
	}
	if _, err := dynamic.FromSet(ch, set(t, false)); err == nil || !strings.Contains(err.Error(), "--include_imports") {
		t.Errorf("got %v", err)
	}
}

func TestDescribe(t *testing.T) {
	client, _ := known(t)
	for name, wanted := range map[string]string{
		"hedgerow.chaos.v1.Chaos": "service Chaos {\n  rpc Do(hedgerow.chaos.v1.Request) returns (hedgerow.chaos.v1.Reply);\n" +
			"  rpc Stream(hedgerow.chaos.v1.Request) returns (stream hedgerow.chaos.v1.Reply);\n",
		"hedgerow.chaos.v1.Request": "message Request {\n  string call_id = 1;\n  repeated hedgerow.chaos.v1.Step steps = 2;\n  bytes payload = 3;\n  uint64 seed = 4;\n}\n",
		"hedgerow.chaos.v1.Step":    "  optional uint32 messages = 4;\n",
		"hedgerow.chaos.v1.Delay":   "  oneof distribution {\n    uint32 fixed_ms = 1;\n",
	} {
		text, err := client.Describe(name)
		if err != nil || !strings.Contains(text, wanted) {
			t.Errorf("%s is described as\n%s%v, want\n%s", name, text, err, wanted)
		}
	}
	if _, err := client.Describe("hedgerow.chaos.v1.Request.call_id"); err == nil || !strings.Contains(err.Error(), "is part of hedgerow.chaos.v1.Request") {
		t.Errorf("a field: %v", err)
	}
}
