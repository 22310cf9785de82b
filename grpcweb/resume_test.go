package grpcweb_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

// numbers is a source of messages that are numbers, from 1.
var numbers = grpcweb.Source[int]{
	Request: func(cursor *int) []byte {
		if cursor == nil {
			return []byte("0")
		}
		return []byte(strconv.Itoa(*cursor))
	},
	Cursor: func(message []byte, _ *int) int {
		n, _ := strconv.Atoi(string(message))
		return n
	},
}

// counting is a server that sends two numbers behind the one that is asked for, and then
// ends as the script says.
func counting(ends ...fake.Attempt) *fake.Network {
	return fake.Answering(func(n int, request []byte) fake.Attempt {
		after, _ := strconv.Atoi(string(request[5:]))
		end := ends[min(n, len(ends))-1]
		if end.Status != 0 || len(end.Body) == 0 {
			return end
		}
		body := []fake.Piece{{Data: fake.Message([]byte(strconv.Itoa(after + 1)))}, {Data: fake.Message([]byte(strconv.Itoa(after + 2)))}}
		return fake.Attempt{Header: fake.Head(), Body: append(body, end.Body...)}
	})
}

var (
	broken   = fake.Attempt{Body: []fake.Piece{{Err: errors.New("reset")}}}
	finished = fake.Attempt{Body: []fake.Piece{{Data: fake.Trailers(status.OK, "")}}}
)

func ending(code status.Code) fake.Attempt {
	return fake.Attempt{Body: []fake.Piece{{Data: fake.Trailers(code, "said")}}}
}

func subscribe(t *testing.T, ch *grpcweb.Channel) (got []string, err error) {
	t.Helper()
	for message, failed := range grpcweb.Resume(t.Context(), ch, method, numbers) {
		if failed != nil {
			return got, failed
		}
		got = append(got, string(message))
	}
	return got, nil
}

// SEMANTICS 8.4: a subscription outlives its streams.
func TestResume(t *testing.T) {
	scenario(t, "137_lost_connections_and_listed_codes_are_resumed_behind_the_cursor", func(t *testing.T) {
		begun := time.Now()
		got, err := subscribe(t, open(t, counting(broken, ending(status.Unavailable), fake.Attempt{Err: &transport.Error{Err: errors.New("no network")}}, broken, finished), retries(2)))
		want(t, "error", err, nil)
		if !slices.Equal(got, strings.Fields("1 2 3 4 5 6 7 8")) {
			t.Errorf("%q", got)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("the waits did not begin anew: %v", took)
		}
	})
	scenario(t, "138_other_codes_end_it", func(t *testing.T) {
		got, err := subscribe(t, open(t, counting(broken, ending(status.NotFound)), retries(2)))
		wantCode(t, err, status.NotFound)
		want(t, "messages", len(got), 4)
	})
	scenario(t, "139_a_method_without_a_retry_policy_is_refused", func(t *testing.T) {
		network := counting(finished)
		_, err := subscribe(t, open(t, network))
		var of *grpcweb.ConfigError
		if !errors.As(err, &of) || len(network.Seen()) != 0 {
			t.Errorf("%v, %d requests", err, len(network.Seen()))
		}
	})
	scenario(t, "140_leaving_the_loop_cancels_the_stream", func(t *testing.T) {
		ch := open(t, counting(fake.Attempt{Body: []fake.Piece{{Wait: fake.Forever, Err: errors.New("never")}}}), retries(2))
		for range grpcweb.Resume(t.Context(), ch, method, numbers) {
			break
		}
		synctest.Wait()
		want(t, "running", ch.Running(), 0)
	})
}
