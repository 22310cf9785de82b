package server

import (
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// invalid is the code of every request that the server refuses to play.
const invalid = codes.InvalidArgument

// What a script may cost. A field of two bytes becomes a hundred in memory, so the bytes are counted before they are read.
const (
	maxCallID   = 256
	maxScript   = 256 << 10 // bytes of a request without its payload
	maxSteps    = 1000
	maxMetadata = 1000
	maxMessages = 1_000_000
	maxNesting  = 10 // of slow_tail
)

// unreadScript stands in a request for a script that is longer than maxScript.
var unreadScript = []*chaosv1.Step{{}}

// checkScript says what is wrong with the script of a request, so that a slip in a test fails loudly and with its path.
func checkScript(r *chaosv1.Request) error {
	steps := r.GetSteps()
	switch {
	case len(steps) == 1 && steps[0] == unreadScript[0]:
		return fmt.Errorf("the request without its payload is longer than %d bytes", maxScript)
	case len(steps) > maxSteps:
		return fmt.Errorf("there are %d steps; give at most %d", len(steps), maxSteps)
	}
	if err := checkCallID(r.GetCallId()); err != nil {
		return err
	}
	for i, step := range r.GetSteps() {
		if err := checkStep(fmt.Sprintf("steps[%d]", i), step); err != nil {
			return err
		}
	}
	return nil
}

func checkCallID(id string) error {
	if len(id) > maxCallID {
		return fmt.Errorf("call_id is %d bytes long; give at most %d", len(id), maxCallID)
	}
	return nil
}

func checkStep(at string, s *chaosv1.Step) error {
	for _, d := range []struct {
		name  string
		delay *chaosv1.Delay
	}{
		{".delay", s.GetDelay()},
		{".message_delay", s.GetMessageDelay()},
		{".end_delay", s.GetEndDelay()},
	} {
		if problem := checkDelay(d.delay, 0); problem != "" {
			return fmt.Errorf("%s%s%s", at, d.name, problem)
		}
	}
	for _, m := range []struct {
		name string
		list []*chaosv1.Metadata
	}{
		{".header", s.GetHeader()},
		{".trailer", s.GetTrailer()},
		{".raw.header", s.GetRaw().GetHeader()},
	} {
		if n := len(m.list); n > maxMetadata {
			return fmt.Errorf("%s%s has %d entries; give at most %d", at, m.name, n, maxMetadata)
		}
	}
	if n := len(s.GetPushback()); n > maxMetadata {
		return fmt.Errorf("%s.pushback has %d values; give at most %d", at, n, maxMetadata)
	}
	if n := s.GetMessages(); n > maxMessages {
		return fmt.Errorf("%s.messages is %d; give at most %d", at, n, maxMessages)
	}
	if e := s.GetEncoding(); e != "" && encoding.GetCompressor(e) == nil {
		return fmt.Errorf("%s.encoding is %q; give gzip, or nothing", at, e)
	}
	if n := s.GetMessageSize(); n > maxMessage {
		return fmt.Errorf("%s.message_size is %d bytes; give at most %d", at, n, maxMessage)
	}
	if n := s.GetCut().GetPartialBytes(); n > maxMessage {
		return fmt.Errorf("%s.cut.partial_bytes is %d; give at most %d", at, n, maxMessage)
	}
	if s.GetRaw() == nil {
		return nil
	}
	if n := s.GetRaw().GetHttpStatus(); n < 200 || n > 599 {
		return fmt.Errorf("%s.raw.http_status is %d; give 200 to 599", at, n)
	}
	return nil
}
