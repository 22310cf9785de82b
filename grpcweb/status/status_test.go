package status

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestStatusIsAnError(t *testing.T) {
	cause := errors.New("reset")
	st := New(Unavailable, "no answer")
	st.Cause = cause
	wrapped := fmt.Errorf("greeting: %w", st)
	if got, is := FromError(wrapped); !is || got != st {
		t.Errorf("FromError: %v, %v", got, is)
	}
	if !errors.Is(wrapped, cause) {
		t.Error("the cause is not found")
	}
	if _, is := FromError(cause); is {
		t.Error("another error is no status")
	}
	var other interface{ GRPCStatus() }
	if errors.As(wrapped, &other) {
		t.Error("a status is taken for another type of error, without a package that would make one")
	}
	for _, c := range []struct {
		err  error
		want Code
	}{{nil, OK}, {st, Unavailable}, {wrapped, Unavailable}, {cause, Unknown}} {
		if got := CodeOf(c.err); got != c.want {
			t.Errorf("code of %v: %v; want %v", c.err, got, c.want)
		}
	}
}

func TestStatusText(t *testing.T) {
	for want, st := range map[string]*Status{
		"NOT_FOUND":                               New(NotFound, ""),
		"NOT_FOUND: no such thing":                New(NotFound, "no such thing"),
		"UNAVAILABLE: down":                       {Code: Unavailable, Message: "down", Attempts: make([]AttemptRecord, 1)},
		"UNAVAILABLE: down (after 3 attempts)":    {Code: Unavailable, Message: "down", Attempts: make([]AttemptRecord, 3)},
		"CODE(17)":                                New(17, ""),
		"DEADLINE_EXCEEDED (after 2 attempts)":    {Code: DeadlineExceeded, Attempts: make([]AttemptRecord, 2)},
		"UNAUTHENTICATED: who (after 2 attempts)": {Code: Unauthenticated, Message: "who", Attempts: make([]AttemptRecord, 2)},
	} {
		if got := st.Error(); got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
}

func TestCodes(t *testing.T) {
	for c := OK; c <= MaxCode; c++ {
		if got, ok := ParseCode(c.String()); !ok || got != c {
			t.Errorf("%v is parsed as %v, %v", c, got, ok)
		}
	}
	for name, want := range map[string]Code{"Aborted": Aborted, "unavailable": Unavailable, "Deadline_Exceeded": DeadlineExceeded, "CANCELLED": Canceled} {
		if got, ok := ParseCode(name); !ok || got != want {
			t.Errorf("%q: %v, %v", name, got, ok)
		}
	}
	for _, name := range []string{"", "CANCELED", "NOPE", "14", "UNAVAILABLE ", "ABORTEDX", "abſorted", "CODE(14)"} {
		if got, ok := ParseCode(name); ok {
			t.Errorf("%q is taken for %v", name, got)
		}
	}
}

func TestCodeSet(t *testing.T) {
	set := Codes(Unavailable, Aborted, Unavailable, 17, 40)
	for c := Code(0); c < 64; c++ {
		if want := c == Unavailable || c == Aborted; set.Has(c) != want {
			t.Errorf("%v: want %v", c, want)
		}
	}
	if set.Empty() || !Codes().Empty() || !Codes(17).Empty() {
		t.Error("Empty is wrong")
	}
}

func TestWords(t *testing.T) {
	for want, got := range map[string]fmt.Stringer{
		"": ReasonNone, "responseHeaders": ReasonResponseHeaders, "internal": ReasonInternal, "cancelled": ReasonCanceled,
		"first": KindFirst, "transparent": KindTransparent, "refresh": KindRefresh, "pending": OutcomePending, "aborted": OutcomeAborted,
	} {
		if got.String() != want {
			t.Errorf("%d is %q; want %q", got, got, want)
		}
	}
	for _, beyond := range []fmt.Stringer{CommitReason(11), AttemptKind(5), AttemptOutcome(4)} {
		if beyond.String() != "unknown" {
			t.Errorf("%d is %q", beyond, beyond)
		}
	}
}

// FuzzCode checks that exactly the names of codes are read, in upper and lower case.
func FuzzCode(f *testing.F) {
	for code := OK; code <= MaxCode; code++ {
		f.Add(code.String())
	}
	for _, text := range []string{"", "14", "unavailable", "Aborted", "ſ", "OK ", "CODE(17)", "none"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, ok := ParseCode(text)
		if ok && (code > MaxCode || !strings.EqualFold(code.String(), text) || len(code.String()) != len(text)) {
			t.Errorf("%q is read as %v", text, code)
		}
		for named := OK; named <= MaxCode && !ok; named++ {
			if named.String() == strings.ToUpper(text) && len(named.String()) == len(text) {
				t.Errorf("%q is not read as %v", text, named)
			}
		}
	})
}

// What stands for no value can be none: codes, HTTP statuses, instants and delays are 0 or more.
func TestNoValues(t *testing.T) {
	if None >= 0 || NoPushback >= 0 || PushbackStop >= 0 || NoPushback == PushbackStop || NoCode <= MaxCode {
		t.Error("a value that stands for none could be one")
	}
}
