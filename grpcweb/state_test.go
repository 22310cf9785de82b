package grpcweb_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

// place is a State, and what was done with it.
type place struct {
	text string
	get  func() (string, error)
	sets []string
	err  error
}

func (p *place) Get() (string, error) {
	if p.get != nil {
		return p.get()
	}
	return p.text, nil
}

func (p *place) Set(text string) error {
	p.sets = append(p.sets, text)
	return p.err
}

// SEMANTICS 8.1b, 8.1e: whatever is wrong with the state, the channel works, and one
// warning says what.
func TestStateIsUnusable(t *testing.T) {
	for name, c := range map[string]struct {
		place place
		want  string
		sets  int
	}{
		"empty":         {place{}, "", 0},
		"fails to read": {place{get: func() (string, error) { return "", errors.New("no room") }}, "could not be read, so the channel keeps nothing: no room", 0},
		"something else": {
			place{text: "something else"}, "is not one that this version of Hedgerow has written", 1,
		},
		"fails twice": {place{text: "x", err: errors.New("full")}, "is not one that this version of Hedgerow has written", 1},
	} {
		scenario(t, name, func(t *testing.T) {
			ch, warnings := withState(t, &c.place)
			for range 3 {
				if _, err := unary(t, ch); err != nil {
					t.Error(err)
				}
				time.Sleep(2 * time.Second)
			}
			ch.Close()
			ch.Close()
			if len(c.place.sets) != c.sets {
				t.Errorf("%d times stored: %q", len(c.place.sets), c.place.sets)
			}
			if n := len(*warnings); c.want == "" && n != 0 || c.want != "" && (n != 1 || !strings.Contains((*warnings)[0], c.want)) {
				t.Errorf("warnings %q", *warnings)
			}
		})
	}
}

// SEMANTICS 8.1b: the channel opens after a second whatever the state does.
func TestStateIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &place{get: func() (string, error) { time.Sleep(time.Hour); return "", nil }}
		before := time.Now()
		ch, warnings := withState(t, p)
		if waited := time.Since(before); waited != time.Second || len(*warnings) != 1 {
			t.Errorf("it waits %v; warnings %q", waited, *warnings)
		}
		if _, err := unary(t, ch); err != nil {
			t.Error(err)
		}
		ch.Close()
		time.Sleep(time.Hour) // until Get returns, so that no goroutine is left over
	})
}

func withState(t *testing.T, p *place) (*grpcweb.Channel, *[]string) {
	t.Helper()
	var warnings []string
	ch := open(t, fake.New(fake.Answer(pong), fake.Answer(pong), fake.Answer(pong)), grpcweb.WithState(p), grpcweb.WithObserver(func(e grpcweb.Event) {
		if e.Type == grpcweb.EventWarning {
			warnings = append(warnings, e.Warning+": "+e.Text)
		}
	}))
	return ch, &warnings
}
