package abitest

import (
	"encoding/base64"
	"math"
	"strings"

	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/abi/table"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Script makes events of any bytes: the same ones of the same bytes. Most are such
// as JavaScript could tell, in any order; some are such as it never should. A
// fuzzer changes the bytes, and a random source gives as many as are wanted.
func Script(data []byte) []Event {
	s := &script{data: data}
	events := []Event{Named("open_channel", s.options(), 1)}
	for len(s.data) > 0 {
		events = append(events, s.event())
	}
	return events
}

type script struct {
	data []byte
	more func() []byte // further bytes, without end; nil: there are none
	now  float64
}

// next returns the next byte; after the last one, it returns 0.
func (s *script) next() int {
	if len(s.data) == 0 && s.more != nil {
		s.data = s.more()
	}
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return int(b)
}

// rarely is true once in some dozens.
func (s *script) rarely() bool { return s.next() > 250 }

func pick[T any](s *script, from []T) T { return from[s.next()%len(from)] }

// usual are exports that come more often than others, so that calls get somewhere.
var usual = []string{"start", "head", "feed", "end", "timer", "read", "queue", "failed", "feed", "skip", "took", "drained", "half_close", "prepared", "inflated"}

func (s *script) event() Event {
	b := s.next()
	if b < 190 {
		return s.tell(table.Exports[placeOf(usual[b%len(usual)])])
	}
	return s.tell(table.Exports[b%len(table.Exports)])
}

func (s *script) tell(export table.Export) Event {
	in, fields := s.input(export.Name)
	var args []float64
	for _, a := range export.Args {
		if a.Type != table.Input {
			args = append(args, s.arg(a.Name, fields))
		}
	}
	e := Named(export.Name, in, args...)
	if s.rarely() {
		e.Claims = pick(s, []uint32{1, 3, abi.InputSize + 1, math.MaxUint32})
	}
	return e
}

func (s *script) arg(name string, fields int) float64 {
	switch name {
	case "call":
		return s.id(3)
	case "channel":
		return s.id(2)
	case "attempt":
		return max(s.id(4)-1, 0)
	case "now":
		return s.instant()
	case "fields":
		if s.rarely() {
			return s.whole()
		}
		return float64(fields)
	case "httpStatus":
		return pick(s, []float64{200, 200, 200, 101, 503, 404, 0, math.MaxUint32})
	case "code":
		return float64(s.next() % 20)
	case "how":
		return float64(s.next() % 5)
	case "last", "up", "failed", "lost":
		return float64(s.next() % 2)
	case "messages", "length", "failures":
		return s.whole()
	}
	return s.float() // sizes
}

// id is a number from 1, or, rarely, one that nothing has.
func (s *script) id(n int) float64 {
	if s.rarely() {
		return pick(s, []float64{0, 77, math.MaxInt32, math.MaxUint32})
	}
	return float64(1 + s.next()%n)
}

func (s *script) whole() float64 {
	if s.rarely() {
		return pick(s, []float64{math.MaxInt32, math.MaxUint32, 1 << 20})
	}
	return float64(s.next() % 40)
}

// floats are what JavaScript could say of a size or a span.
var floats = []float64{0, 1, 5, 30, 61, 250, 1000, 0.5, -1, 1 << 20, 1 << 53, math.Inf(1), math.Inf(-1), math.NaN(), 1e300, 5e-324}

func (s *script) float() float64 { return pick(s, floats) }

// instant lets time pass, or, rarely, jump.
func (s *script) instant() float64 {
	if s.rarely() {
		return s.float()
	}
	s.now += pick(s, []float64{0, 0, 0, 0.1, 1, 1, 50, 1000, 1.0000001, 5000, -1})
	return s.now
}

// input is what an export reads, and how many fields are in it.
func (s *script) input(export string) (in []byte, fields int) {
	switch export {
	case "open_channel":
		return s.options(), 0
	case "start":
		return s.start(), 0
	case "cancel", "broken", "failed", "closed", "refreshed", "share":
		return []byte(pick(s, []string{"", "reset", "ü\x00\xff", strings.Repeat("long ", 50)})), 0
	case "unprepared":
		text, n := s.fields(metadataFields)
		return append([]byte("no token\x00"), text...), n
	case "prepared":
		return s.fields(metadataFields)
	case "head":
		return s.fields(headFields)
	case "feed":
		return s.chunk(), 0
	case "inflated":
		return []byte(pick(s, []string{"", "grpc-status: 0\r\n", "grpc-status: 14\r\ngrpc-retry-pushback-ms: 5\r\n", "\x00\x00"})), 0
	}
	return nil, 0
}

var (
	metadataFields = []string{"x-a\x001\x00", "x-b-bin\x00AAH/\x00", "te\x00x\x00", "authorization\x00a b\x00", "X-C\x00\xff\x00", "\x00\x00", "a\x00b\x00c\x00"}
	headFields     = []string{
		"content-type\x00application/grpc-web+proto\x00", "content-type\x00application/grpc-web\x00", "content-type\x00application/grpc-web-text\x00",
		"content-type\x00text/html\x00", "grpc-status\x0014\x00", "grpc-status\x000\x00", "grpc-status\x00x\x00", "grpc-encoding\x00gzip\x00",
		"grpc-retry-pushback-ms\x005\x00", "grpc-retry-pushback-ms\x00-1\x00", "x-a\x001\x00", "grpc-message\x00%41%\x00", "grpc-status-details-bin\x00!\x00",
	}
)

func (s *script) fields(from []string) (text []byte, n int) {
	for n = range 1 + s.next()%3 {
		text = append(text, pick(s, from)...)
	}
	return text, n + 1
}

var (
	serviceConfigs = []string{
		"", `{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":4,"initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE","INTERNAL"]}}]}`,
		`{"retryThrottling":{"maxTokens":3,"tokenRatio":0.1},"methodConfig":[{"name":[{}],"hedgingPolicy":{"maxAttempts":3,"hedgingDelay":"0.01s","nonFatalStatusCodes":["UNAVAILABLE"]}}]}`,
		`{"methodConfig":[{"name":[{"service":"a.B"}],"waitForReady":true,"timeout":"2s","maxRequestMessageBytes":50,"maxResponseMessageBytes":20}]}`, `{`, `[1]`,
	}
	otherOptions = []string{
		"", "", "headerCommit\x00firstFrame\x00", "format\x00text\x00", "perAttempt\x001\x00", "crossOrigin\x001\x00", "maxRetryBufferPerCallSize\x0040\x00",
		"maxRetryBufferSize\x0070\x00", "maxRetryAttempts\x001\x00", "maxRetryAttempts\x000\x00", "maxReceiveMessageBytes\x0030\x00", "defaultTimeoutMs\x001000\x00",
		">x-app\x001\x00", ">te\x001\x00", "attemptHeader\x00always\x00", "attemptHeader\x00never\x00", "jitter\x00plusMinus20\x00", "random\x000\x00", "page\x001\x00",
		"credentialsRefresh\x0014\n\"UNAUTHENTICATED\"\x00", "credentialsRefresh\x00\x00", "credentialsRefresh\x00\"NOPE\"\n0\x00",
		"state\x00\x00", "state\x00somebody else's\x00", "state\x00hedgerow-state 1\na  1\n\x00",
	}
)

func (s *script) options() []byte {
	text := "seed\x007\x00baseUrl\x00" + pick(s, []string{"https://api.test", "https://api.test", "http://other.test/x/", "ftp://no"}) + "\x00"
	if config := pick(s, serviceConfigs); config != "" {
		text += "serviceConfig\x00" + config + "\x00"
	}
	for range s.next() % 4 {
		text += pick(s, otherOptions)
	}
	return []byte(text)
}

func (s *script) start() []byte {
	text, n := s.fields(metadataFields)
	if s.next()%2 == 0 {
		text, n = nil, 0
	}
	method := pick(s, []string{"/a.B/C", "/a.B/C", "/a.B/D", "/a.B/C", "no method", ""})
	block := abi.StartBlock{
		Now: s.instant(), Timeout: pick(s, []float64{math.Inf(1), math.Inf(1), 1000, s.float()}), Size: float64(s.next() % 70),
		MaxReceive: pick(s, []float64{0, 0, 0, s.float()}), Channel: uint32(s.id(2)), Flags: s.flags(), Fields: uint32(n),
	}
	if s.rarely() {
		block.Size, block.Fields = s.float(), uint32(s.whole())
	}
	return StartInput(block, method+"\x00"+string(text))
}

// flags has each flag in one call of four.
func (s *script) flags() uint32 {
	some := s.next()
	return uint32(some & s.next())
}

// chunk is a piece of a body: some frames, in bytes or in text, perhaps cut short.
func (s *script) chunk() []byte {
	var body []byte
	for range 1 + s.next()%3 {
		payload := []byte(strings.Repeat("x", s.next()%40))
		flags := byte(pick(s, []int{0, 0, 0, 0, int(wire.FlagCompressed), 2}))
		if s.next()%3 == 0 {
			flags, payload = wire.FlagTrailers, []byte(pick(s, []string{"grpc-status: 0\r\n", "grpc-status: 0\r\n", "grpc-status: 14\r\n", "x\n:\n"}))
		}
		body = wire.AppendFrame(body, flags, payload)
	}
	if s.next()%4 == 0 {
		body = []byte(base64.StdEncoding.EncodeToString(body))
	}
	if s.next()%3 == 0 {
		from, to := s.next()%(len(body)+1), s.next()%(len(body)+1)
		body = body[min(from, to):max(from, to)]
	}
	if s.rarely() {
		body = append(body, 7, 255, 255, 255, 255)
	}
	return body
}
