package script

import (
	"fmt"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// These limits bound what a script may cost.
const (
	// MaxScript bounds the length of a request without its payload, in bytes. Servers check it before they decode the request,
	// because a field of two bytes can become a hundred in memory.
	MaxScript   = 256 << 10
	MaxMessage  = 16 << 20 // in bytes, in either direction
	maxCallID   = 256      // in bytes
	maxSteps    = 1000
	maxMetadata = 1000
	maxMessages = 1_000_000
	maxNesting  = 10 // how deep one slow_tail may be nested in others
)

// Check says what is wrong with the script of a request, and where in the script, so that a mistake in a test is found at once.
func Check(r *chaosv1.Request) error {
	if n := len(r.GetSteps()); n > maxSteps {
		return fmt.Errorf("there are %d steps; give at most %d", n, maxSteps)
	}
	if err := CheckCallID(r.GetCallId()); err != nil {
		return err
	}
	for i, step := range r.GetSteps() {
		if err := checkStep(fmt.Sprintf("steps[%d]", i), step); err != nil {
			return err
		}
	}
	return nil
}

// CheckCallID says what is wrong with a call id.
func CheckCallID(id string) error {
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
	if e := s.GetEncoding(); e != "" && e != "gzip" {
		return fmt.Errorf("%s.encoding is %q; give gzip, or nothing", at, e)
	}
	if n := s.GetMessageSize(); n > MaxMessage {
		return fmt.Errorf("%s.message_size is %d bytes; give at most %d", at, n, MaxMessage)
	}
	if n := s.GetCut().GetPartialBytes(); n > MaxMessage {
		return fmt.Errorf("%s.cut.partial_bytes is %d; give at most %d", at, n, MaxMessage)
	}
	if s.GetRaw() == nil {
		return nil
	}
	if n := s.GetRaw().GetHttpStatus(); n < 200 || n > 599 {
		return fmt.Errorf("%s.raw.http_status is %d; give 200 to 599", at, n)
	}
	return nil
}
