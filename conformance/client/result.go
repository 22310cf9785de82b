package main

import (
	"encoding/base64"

	"google.golang.org/protobuf/proto"

	conformancev1 "github.com/hedgerow-web/hedgerow/conformance/proto/connectrpc/conformance/v1"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// outcome is how a call ended, and what was received before.
type outcome struct {
	header, trailer metadata.MD
	payloads        []*conformancev1.ConformancePayload
	status          *status.Status // nil stands for OK
}

// end records the status that the call ended with. An error that is not a status is
// returned, because it is not the call's.
func (o *outcome) end(err error) error {
	if st, ok := status.FromError(err); ok {
		o.header, o.trailer, o.status = st.Header, st.Trailer, st
		return nil
	}
	return err
}

func (o *outcome) result() (*conformancev1.ClientResponseResult, error) {
	header := o.header
	if header.Len() == 0 {
		// A Trailers-Only response has one block of metadata, the trailer. With grpc-go
		// behind the improbable wrapper, that block has the header's fields too, and the
		// suite looks for them among the headers.
		header = o.trailer
	}
	result := &conformancev1.ClientResponseResult{
		ResponseHeaders:  headersOf(header),
		ResponseTrailers: headersOf(o.trailer),
		Payloads:         o.payloads,
	}
	if o.status == nil {
		return result, nil
	}
	// google.rpc.Status has the same fields as the suite's own error, by number and type.
	details := &conformancev1.Error{}
	if err := proto.Unmarshal(o.status.Details, details); err != nil {
		return nil, err
	}
	result.Error = &conformancev1.Error{
		Code:    conformancev1.Code(o.status.Code),
		Message: proto.String(o.status.Message),
		Details: details.GetDetails(),
	}
	return result, nil
}

// metadataOf reads the suite's headers, in which binary values are base64.
func metadataOf(headers []*conformancev1.Header) (md metadata.MD, err error) {
	for _, h := range headers {
		for _, value := range h.GetValue() {
			if metadata.IsBinary(h.GetName()) {
				raw, err := base64.StdEncoding.DecodeString(value)
				if err != nil {
					return md, err
				}
				value = string(raw)
			}
			md.Append(h.GetName(), value)
		}
	}
	return md, nil
}

func headersOf(md metadata.MD) (headers []*conformancev1.Header) {
	places := map[string]*conformancev1.Header{}
	for name, value := range md.All() {
		if metadata.IsBinary(name) {
			value = base64.StdEncoding.EncodeToString([]byte(value))
		}
		h, ok := places[name]
		if !ok {
			h = &conformancev1.Header{Name: name}
			places[name] = h
			headers = append(headers, h)
		}
		h.Value = append(h.Value, value)
	}
	return headers
}
