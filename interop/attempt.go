package interop

import (
	"errors"
	"net/http"
	"strings"

	"connectrpc.com/connect"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
	"github.com/hedgerow-web/hedgerow/server/script"
)

// attempt is one request as the server handles it. It plays one step of the script.
type attempt struct {
	*script.Attempt
	info connect.CallInfo
}

// checkScript says what is wrong with the script of a request. It also refuses what only package server can play, so that a mistake in a
// test is found at once.
func checkScript(kind connect.StreamType, r *chaosv1.Request) error {
	for _, step := range r.GetSteps() {
		if err := checkStep(kind, step); err != nil {
			return err
		}
	}
	return script.Check(r)
}

func checkStep(kind connect.StreamType, s *chaosv1.Step) error {
	switch {
	case s.GetEncoding() != "" || s.GetRaw() != nil || s.GetCut().GetPartialBytes() > 0:
		return errors.New("connect-go's handlers cannot play encoding, raw and cut.partial_bytes")
	case s.GetEarlyHeader() && kind != connect.StreamTypeServer:
		return errors.New("early_header is for Stream only: connect-go sends the header of a single response together with the response")
	}
	return nil
}

// open plays the part of the step that comes before the messages.
func (a *attempt) open() error {
	merge(a.info.ResponseHeader(), a.Step.GetHeader())
	return a.Sleep(a.Step.GetDelay())
}

type sender interface {
	Send(*chaosv1.Reply) error
}

func (a *attempt) send(stream sender, payload []byte) error {
	if err := a.Sleep(a.Step.GetMessageDelay()); err != nil {
		return err
	}
	return stream.Send(a.Reply(payload))
}

// close plays the part of the step that comes after the messages. Its error is the status with which the call ends.
func (a *attempt) close() error {
	trailer := a.info.ResponseTrailer()
	merge(trailer, a.Step.GetTrailer())
	for _, value := range a.Step.GetPushback() {
		trailer.Add("Grpc-Retry-Pushback-Ms", value)
	}
	if err := a.BeforeEnd(); err != nil {
		return err
	}
	switch end := a.Step.GetEnd().(type) {
	case *chaosv1.Step_Status:
		return toError(end.Status)
	case *chaosv1.Step_Cut:
		a.Ended(0)
		panic(http.ErrAbortHandler) // This is how net/http breaks a connection, without ending the response and without logging.
	case *chaosv1.Step_Hang:
		return a.Hang()
	}
	return nil
}

// toError makes an error of a status. It is nil for code 0.
func toError(s *chaosv1.Status) error {
	if s.GetCode() == 0 {
		return nil
	}
	err := connect.NewError(connect.Code(s.GetCode()), errors.New(s.GetMessage()))
	for _, detail := range s.GetDetails() {
		d, problem := connect.NewErrorDetail(detail)
		if problem != nil {
			return problem
		}
		err.AddDetail(d)
	}
	return err
}

func merge(into http.Header, from []*chaosv1.Metadata) {
	for _, m := range from {
		value := m.GetValue()
		if strings.HasSuffix(m.GetName(), "-bin") {
			value = connect.EncodeBinaryHeader(m.GetBinary())
		}
		into.Add(m.GetName(), value)
	}
}
