package hostdriver

import (
	"strings"
	"testing"
)

// SEMANTICS 8.7f: the driver tells what is left when it changes, and believes what another
// tab tells.
func TestSharedBudget(t *testing.T) {
	budgeted := strings.Replace(retrying, "{", `{"x-hedgerow":{"retryBudget":{"ratio":0.1}},`, 1)
	s := open(t, budgeted)
	if got := s.only("budget").Values["text"]; got != "1000000 0" {
		t.Errorf("an open channel has %v", got)
	}
	s.starts(1, unary())
	if got := s.only("budget").Values["text"]; got != "1100000 0" {
		t.Errorf("a call leaves %v", got)
	}
	s.tell("share", []byte("0 2000000"), 1)
	s.at(10).refuses(1, 0, "grpc-status", "14").asks("end 1/0 code 14")
}

// SEMANTICS 8.4d, 8.7f: a renewal is paid from the budget, and the other tabs are told at once,
// not only when the next stream begins.
func TestSharedBudgetOfRenewals(t *testing.T) {
	s := open(t, strings.Replace(retrying, "{", `{"x-hedgerow":{"retryBudget":{"ratio":0.1}},`, 1))
	s.tell("renew", []byte("/a.B/C"), 1, 0, 14, 1, 0)
	if got := s.only("budget").Values["text"]; got != "0 1000000" {
		t.Errorf("a renewal leaves %v", got)
	}
	s.tell("renew", []byte("/a.B/C"), 1, 0, 14, 1, 0).asks("renew 0/0") // which is not paid
}
