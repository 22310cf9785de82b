package grpcconn

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	grpcmetadata "google.golang.org/grpc/metadata"
	grpcstatus "google.golang.org/grpc/status"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// settings are a call's options, as the channel has them, and what is to be
// given at its end.
type settings struct {
	options  []grpcweb.CallOption
	maxSend  int // bytes; below 0: the channel's limit alone
	headers  []*grpcmetadata.MD
	trailers []*grpcmetadata.MD
	onFinish []func(error)
	once     sync.Once

	metadata []attemptMetadata // what is asked for the metadata of each attempt
	waits    bool              // for the network
	streams  bool
	stats    *callStats // nil: nobody is told
}

type attemptMetadata = func(context.Context, grpcweb.Attempt) (metadata.MD, error)

func (c *Conn) settings(ctx context.Context, desc *grpc.StreamDesc, method string, opts []grpc.CallOption) (*settings, error) {
	s := &settings{maxSend: -1, streams: desc.ClientStreams || desc.ServerStreams}
	var refused error
	for _, o := range opts {
		if err := c.apply(s, method, o); err != nil && refused == nil {
			refused = err // the others are heard all the same: OnFinish is told
		}
	}
	if len(c.stats) > 0 {
		s.stats = &callStats{handlers: c.stats, method: method, desc: desc, failFast: !s.waits}
		// The handlers may change what is sent with an attempt.
		s.metadata = append([]attemptMetadata{func(ctx context.Context, a grpcweb.Attempt) (metadata.MD, error) {
			return s.stats.begin(ctx, a.Number)
		}}, s.metadata...)
	} else if md, ok := grpcmetadata.FromOutgoingContext(ctx); ok {
		s.options = append(s.options, grpcweb.WithMetadata(outgoing(md)))
	}
	return s, refused
}

// callOptions returns the options for the channel.
func (s *settings) callOptions(ctx context.Context) []grpcweb.CallOption {
	options := s.options
	if len(s.metadata) > 0 {
		options = append(options, grpcweb.WithPerAttemptMetadata(s.attemptMetadata))
	}
	if s.stats != nil || s.streams && len(s.onFinish) > 0 {
		options = append(options, grpcweb.WithObserver(func(e grpcweb.Event) { s.observe(ctx, e) }))
	}
	return options
}

// attemptMetadata joins what all say that are asked for an attempt's metadata.
func (s *settings) attemptMetadata(ctx context.Context, a grpcweb.Attempt) (metadata.MD, error) {
	var all metadata.MD
	for _, f := range s.metadata {
		md, err := f(ctx, a)
		if err != nil {
			return md, err
		}
		all.AppendAll(md)
	}
	return all, nil
}

func (c *Conn) apply(s *settings, method string, option grpc.CallOption) error {
	switch o := option.(type) {
	case grpc.HeaderCallOption:
		s.headers = append(s.headers, o.HeaderAddr)
	case grpc.TrailerCallOption:
		s.trailers = append(s.trailers, o.TrailerAddr)
	case grpc.OnFinishCallOption:
		s.onFinish = append(s.onFinish, o.OnFinish)
	case grpc.FailFastCallOption:
		s.waits = !o.FailFast
		s.options = append(s.options, grpcweb.WithWaitForReady(s.waits))
	case grpc.MaxRecvMsgSizeCallOption:
		s.options = append(s.options, grpcweb.WithMaxReceiveMessageBytes(int64(o.MaxRecvMsgSize)))
	case grpc.MaxSendMsgSizeCallOption:
		s.maxSend = max(o.MaxSendMsgSize, 0)
	case grpc.PerRPCCredsCallOption:
		return c.credentials(s, method, o.Creds)
	case grpc.ContentSubtypeCallOption:
		if o.ContentSubtype != "proto" {
			return refuse(option)
		}
	case grpc.EmptyCallOption, grpc.StaticMethodCallOption:
	default:
		// Others' options can but embed EmptyCallOption, and mean something to
		// their interceptors alone.
		if reflect.TypeOf(option).PkgPath() == reflect.TypeFor[grpc.EmptyCallOption]().PkgPath() {
			return refuse(option)
		}
	}
	return nil
}

func refuse(option grpc.CallOption) error {
	return grpcstatus.Errorf(codes.Internal, "%T cannot be honoured over gRPC-Web: leave the option out", option)
}

// sent notes a message of the request.
func (s *settings) sent(m any, message []byte) {
	if s.stats != nil {
		s.stats.send(m, len(message))
	}
}

// received notes a message of the response.
func (s *settings) received(header metadata.MD, m any, message []byte) {
	if s.stats != nil {
		s.stats.receive(received(header), m, len(message))
	}
}

// ended gives what was asked for at the end of a call. err is nil if it ended well.
func (s *settings) ended(header, trailer metadata.MD, err error) {
	s.give(header, trailer)
	if s.stats != nil {
		s.stats.finish(received(header), received(trailer), err)
	}
}

// finished tells of the end of a call.
func (s *settings) finished(err error) {
	s.once.Do(func() {
		for _, f := range s.onFinish {
			f(err)
		}
	})
}

// observe follows the call. Of the end of a stream it tells because nobody need be waiting for it.
func (s *settings) observe(ctx context.Context, e grpcweb.Event) {
	if s.stats != nil {
		s.stats.observe(ctx, e)
	}
	if s.streams && e.Type == grpcweb.EventCallEnded {
		s.finished(grpcstatus.Error(codes.Code(e.Code), e.Message)) // nil of OK
	}
}

// give hands out the metadata that was asked for.
func (s *settings) give(header, trailer metadata.MD) {
	for _, to := range s.headers {
		*to = received(header)
	}
	for _, to := range s.trailers {
		*to = received(trailer)
	}
}

// credentials has credentials asked for before each attempt. They are told of
// the connection's security by the scheme of its address.
func (c *Conn) credentials(s *settings, method string, creds credentials.PerRPCCredentials) error {
	base := c.channel.BaseURL()
	info := credentials.RequestInfo{Method: method, AuthInfo: connection{credentials.CommonAuthInfo{SecurityLevel: credentials.NoSecurity}}}
	if strings.HasPrefix(base, "https:") {
		info.AuthInfo = connection{credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}}
	} else if creds.RequireTransportSecurity() {
		return grpcstatus.Errorf(codes.Unauthenticated, "the credentials may be sent over https only, not to %s", base)
	}
	audience := base + method[:max(strings.LastIndexByte(method, '/'), 0)]
	s.metadata = append(s.metadata, func(ctx context.Context, _ grpcweb.Attempt) (metadata.MD, error) {
		fields, err := creds.GetRequestMetadata(credentials.NewContextWithRequestInfo(ctx, info), audience)
		if of, ok := grpcstatus.FromError(err); err != nil && ok {
			err = status.New(status.Code(of.Code()), of.Message())
		}
		var md metadata.MD
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			md.Append(name, fields[name])
		}
		return md, err
	})
	return nil
}

// connection is what credentials may ask about the connection.
type connection struct{ credentials.CommonAuthInfo }

func (connection) AuthType() string { return "tls" }

// outgoing is metadata to send, sorted by name. As in grpc-go, what the protocol
// itself sets is left out; other reserved names are the channel's to refuse.
func outgoing(from grpcmetadata.MD) metadata.MD {
	var md metadata.MD
	for _, name := range slices.Sorted(maps.Keys(from)) {
		if slices.Contains(ownHeaders, strings.ToLower(name)) {
			continue
		}
		for _, value := range from[name] {
			md.Append(name, value)
		}
	}
	return md
}

var ownHeaders = []string{
	"content-type", "user-agent", "te", "grpc-message-type", "grpc-encoding", "grpc-message", "grpc-status", "grpc-timeout",
}

func received(from metadata.MD) grpcmetadata.MD {
	md := grpcmetadata.MD{}
	for name, value := range from.All() {
		md[name] = append(md[name], value)
	}
	return md
}

// marshal serializes a message, once for all attempts (SEMANTICS 2.5a).
func (s *settings) marshal(m any) ([]byte, error) {
	message, err := marshal(m)
	if err == nil && s.maxSend >= 0 && len(message) > s.maxSend {
		return nil, grpcstatus.Error(codes.ResourceExhausted, "the request message of "+strconv.Itoa(len(message))+
			" bytes is larger than the limit of "+strconv.Itoa(s.maxSend))
	}
	return message, err
}
