package attempts_test

import (
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

// budget is one that earns this many thousandths with each call.
func budget(thousandths int64) *attempts.Budget { return attempts.NewBudget(thousandths*1000, 0) }

func spends(b *attempts.Budget) option { return func(s *attempts.Settings) { s.Budget = b } }

func left(t *testing.T, b *attempts.Budget, want float64) {
	t.Helper()
	if got, most := b.Tokens(); got != want || most != 5 {
		t.Errorf("%v of %v is left; want %v of 5", got, most, want)
	}
}

// SEMANTICS 8.7a, 8.7b.
func TestBudget(t *testing.T) {
	t.Run("133_a_retry_is_paid_and_one_that_cannot_be_ends_the_call_throttled", func(t *testing.T) {
		b := budget(100)
		s := begin(t, retries(4), spends(b))
		s.at(0).starts().opens(1)
		s.at(10).ends(1, unavailable).arms(510)
		s.at(510).fires().opens(2)
		s.at(520).ends(2, unavailable).over(2, unavailable, status.ReasonThrottled)
		left(t, b, 0.1)
	})
	t.Run("133_hedges_are_paid_when_they_are_due", func(t *testing.T) {
		b := budget(0)
		s := begin(t, hedges(4, 100), spends(b))
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().opens(2).arms(200)
		s.at(200).fires()
		s.at(300).ends(2, unavailable)
		s.at(310).ends(1, unavailable).over(1, unavailable, status.ReasonThrottled)
	})
	t.Run("134_at_most_two_are_paid_between_one_success_and_the_next", func(t *testing.T) {
		b := budget(1000)
		for range 5 {
			b.Earn(0)
		}
		left(t, b, 5)
		for i, want := range []bool{true, true, false} {
			if paid := b.Pay(0); paid != want {
				t.Errorf("retry %d in a row is paid: %v, want %v", i+1, paid, want)
			}
		}
		left(t, b, 3)
		s := begin(t, retries(2), spends(b))
		s.at(0).starts().opens(1)
		s.at(10).answers(1).releases(1).header(1)
		s.at(20).ends(1, ok).over(1, ok, status.ReasonResponseHeaders)
		if !b.Pay(0) {
			t.Error("after a success nothing is paid")
		}
	})
	t.Run("135_transparent_restarts_cost_nothing", func(t *testing.T) {
		b := budget(0)
		s := begin(t, retries(2), spends(b))
		s.at(0).starts().opens(1)
		s.at(10).notSent(1).opens(2)
		left(t, b, 1)
		s.at(20).cancels("enough").aborts(2).overLocally(canceled, status.ReasonCanceled, "enough")
	})
	t.Run("136_throttle_and_budget_must_both_allow", func(t *testing.T) {
		b := budget(0)
		s := begin(t, retries(3), spends(b), throttled(bucket(10, 1, 5)))
		s.at(0).starts().opens(1)
		s.at(10).ends(1, unavailable).over(1, unavailable, status.ReasonThrottled)
		left(t, b, 1)
	})
}

func TestBudgetEarnsByTime(t *testing.T) {
	b := attempts.NewBudget(0, 500_000)
	b.Earn(0)
	if !b.Pay(0) || b.Pay(plan.Second) || !b.Pay(2*plan.Second) || b.Pay(3*plan.Second) || !b.Pay(4*plan.Second) {
		t.Error("half a retry a second is not what is paid")
	}
	b.Earn(1_000_000 * plan.Second)
	left(t, b, 5)
}

// Only the time that passes after the first call earns something, and a clock that is set
// back takes nothing.
func TestBudgetCountsTheTimeThatPasses(t *testing.T) {
	b := attempts.NewBudget(0, 500_000)
	b.Earn(7000 * plan.Second)
	left(t, b, 1)
	b.Earn(7004 * plan.Second)
	left(t, b, 3)
	b.Earn(7000 * plan.Second)
	left(t, b, 3)
	b.Earn(7001 * plan.Second)
	left(t, b, 3.5)
}

// SEMANTICS 8.7c: an answer that is tried again is no success, and a failure that no server
// has answered is none either.
func TestBudgetIsProvedByAnswers(t *testing.T) {
	for what, c := range map[string]struct {
		head bool
		code status.Code
		pays bool
	}{
		"an answer that is tried again":         {true, unavailable, false},
		"an answer that is not tried again":     {true, invalidArgument, true},
		"a failure without an answer":           {false, invalidArgument, false},
		"a failure that is tried, not answered": {false, unavailable, false},
	} {
		b := budget(1000)
		for range 4 {
			b.Earn(0)
		}
		b.Pay(0)
		s := begin(t, retries(2), spends(b))
		s.at(0).starts().opens(1)
		s.at(10)
		if c.head {
			s.event(func(m *attempts.Machine) { m.Head(s.now, 0, 200) })
		}
		if s.ends(1, c.code); c.code == unavailable {
			s.arms(510)
		} else {
			s.over(1, c.code, status.ReasonFatalStatus)
			if b.Pay(0); c.pays { // after a success two are paid
				left(t, b, 4)
			}
		}
		if b.Pay(0) != c.pays {
			t.Errorf("%s: the next is paid: %v", what, !c.pays)
		}
		if c.code == unavailable {
			s.at(20).cancels("enough").disarms().overLocally(canceled, status.ReasonCanceled, "enough")
		}
	}
}

// SEMANTICS 8.7e.
func TestBudgetText(t *testing.T) {
	b := budget(300)
	b.Earn(0)
	b.Pay(0)
	again := budget(300)
	again.Restore(b.Text())
	if again.Text() != b.Text() {
		t.Errorf("%q comes back as %q", b.Text(), again.Text())
	}
	for _, good := range []string{"5000000 2000000", "0 0", "999999 1234567", "800000 90"} {
		if again.Restore(good); again.Text() != good {
			t.Errorf("%q is read as %q", good, again.Text())
		}
	}
	for _, bad := range []string{"", "1", "1 ", "5000001 0", "0 2000001", "/ 0", ": 0", " 1", "x 0", "-1 0", "9999999 0", "0 9999999", "1 0 0", "99999999999999999999999 0"} {
		b := budget(0)
		if b.Restore(bad); b.Text() != budget(0).Text() {
			t.Errorf("%q is read", bad)
		}
	}
}

// SEMANTICS 8.7f: other tabs are told of each change once.
func TestBudgetChanged(t *testing.T) {
	b := budget(0)
	if b.Earn(0); b.Changed() {
		t.Error("a call that earns nothing changes something")
	}
	if earning := budget(100); earning.Changed() {
		t.Error("a new budget has changed")
	} else if earning.Earn(0); !earning.Changed() {
		t.Error("what a call earns is not told")
	}
	b.Pay(0)
	if !b.Changed() || b.Changed() {
		t.Error("a payment is told twice, or never")
	}
	b.Won()
	if !b.Changed() {
		t.Error("a success that allows more is not told")
	}
	if b.Restore("0 0"); b.Changed() {
		t.Error("what was heard is told again")
	}
}

func TestNoBudget(t *testing.T) {
	var b *attempts.Budget
	b.Earn(0)
	b.Won()
	if !b.Pay(0) || !b.Affords(0) || b.Changed() {
		t.Error("without a budget something is refused")
	}
}

// FuzzBudget checks that a budget takes over only what a budget writes.
func FuzzBudget(f *testing.F) {
	f.Add(budget(100).Text())
	for _, text := range []string{"0 2000000", "1500000 0", "none", "", " ", "0", "0 0 ", "-1 0", "9223372036854775808 0", "00 0", "10000001 0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b := budget(100)
		before := b.Text()
		b.Restore(text)
		tokens, most := b.Tokens()
		if tokens < 0 || tokens > most {
			t.Errorf("%q leaves %v of %v", text, tokens, most)
		}
		kept := b.Text()
		if b.Restore(kept); b.Text() != kept {
			t.Errorf("%q is read as %q", kept, b.Text())
		}
		if kept != before && plainly(text) != kept {
			t.Errorf("%q is taken for %q", text, kept)
		}
	})
}

// plainly leaves out the zeros before numbers.
func plainly(text string) string {
	numbers := strings.Split(text, " ")
	for i, n := range numbers {
		if numbers[i] = strings.TrimLeft(n, "0"); numbers[i] == "" {
			numbers[i] = "0"
		}
	}
	return strings.Join(numbers, " ")
}
