package server

import (
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// invalid is the code of every request that the server refuses to play.
const invalid = codes.InvalidArgument

// checkScript says what is wrong with the script of a request, so that a slip in a test fails loudly and with its path.
func checkScript(r *chaosv1.Request) error {
	for i, step := range r.GetSteps() {
		if err := checkStep(fmt.Sprintf("steps[%d]", i), step); err != nil {
			return err
		}
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
		if err := checkDelay(at+d.name, d.delay); err != nil {
			return err
		}
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
