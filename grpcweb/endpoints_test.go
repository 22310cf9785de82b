package grpcweb_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

const (
	first  = "https://api.example.com" // of every channel that open makes
	second = "https://b.example.com/grpc"
	third  = "https://c.example.com"
)

// hosts are where the requests went, by the base URLs.
func hosts(n *fake.Network) []string {
	var urls []string
	for _, x := range n.Seen() {
		urls = append(urls, strings.TrimSuffix(x.Request.URL, method))
	}
	return urls
}

// SEMANTICS 8.6.
func TestEndpoints(t *testing.T) {
	several := grpcweb.WithEndpoints(second, third+"/")
	scenario(t, "158_a_retry_goes_to_another_endpoint_and_calls_stay_there", func(t *testing.T) {
		var told []string
		n := fake.New(unavailable, unavailable, fake.Answer(pong))
		ch := open(t, n, retries(3), several, grpcweb.WithObserver(func(e grpcweb.Event) {
			if e.Type == grpcweb.EventAttemptStarted {
				told = append(told, e.Endpoint)
			}
		}))
		res, err := unary(t, ch)
		must(t, res, err)
		wantAll(t, "requests", hosts(n), first, second, third)
		wantAll(t, "observed", told, first, second, third)
		for i, endpoint := range told {
			want(t, "recorded", res.Attempts[i].Endpoint, endpoint)
		}
		res, err = unary(t, ch)
		want(t, "the next call went to", must(t, res, err).Attempts[0].Endpoint, third)
	})
	scenario(t, "158_a_hedge_too", func(t *testing.T) {
		n := fake.New(fake.Silence(), fake.Silence(), fake.Answer(pong))
		res, err := unary(t, open(t, n, hedges(3, "0.1s"), several))
		must(t, res, err)
		wantAll(t, "requests", hosts(n), first, second, third)
		settle(t, n)
	})
	scenario(t, "163_explains_which", func(t *testing.T) {
		_, err := unary(t, open(t, fake.New(unavailable), retries(2), several))
		wantText(t, wantCode(t, err, status.Unavailable).Explain(), "UNAVAILABLE from "+first+", UNAVAILABLE from "+second+".")
	})
	scenario(t, "148_an_endpoint_comes_back_after_a_probe", func(t *testing.T) {
		n := fake.New(unavailable, fake.Answer(pong))
		ch := open(t, n, retries(2), several)
		for _, pause := range []time.Duration{0, 20 * time.Second, 11 * time.Second} {
			time.Sleep(pause)
			res, err := unary(t, ch)
			must(t, res, err)
		}
		wantAll(t, "requests", hosts(n), first, second, second, first)
	})
	t.Run("166_what_is_taken_and_what_is_refused", func(t *testing.T) {
		for _, c := range []struct {
			base    string
			urls    []string
			problem string // its path; "": none
			first   string
		}{
			{first, []string{second}, "", first},
			{first, []string{first + "/", second}, "", first},
			{"", []string{second, third}, "", second},
			{first, nil, "", first},
			{first, []string{"b.example.com"}, "baseUrl[1]", ""},
			{first, []string{second, third, second + "/"}, "baseUrl[3]", ""},
			{"", nil, "baseUrl", ""},
		} {
			ch, err := grpcweb.NewChannel(fake.New(), c.base, grpcweb.WithEndpoints(c.urls...))
			var of *grpcweb.ConfigError
			switch {
			case c.problem == "" && err != nil:
				t.Errorf("%q, %q: %v", c.base, c.urls, err)
			case c.problem == "":
				want(t, "BaseURL", ch.BaseURL(), c.first)
			case !errors.As(err, &of) || len(of.Problems) != 1 || of.Problems[0].Path != c.problem:
				t.Errorf("%q, %q: %v, want a problem of %s", c.base, c.urls, err, c.problem)
			}
		}
	})
}

// crossing is a transport in a page of the first endpoint's origin.
type crossing struct{ *fake.Network }

func (crossing) CrossOrigin(url string) bool { return !strings.HasPrefix(url, first) }

// What is said of CORS is the endpoint's.
func TestEndpointsOfOtherOrigins(t *testing.T) {
	scenario(t, "164_a_hint_where_it_helps", func(t *testing.T) {
		var rt transport.RoundTripper = crossing{fake.New(fake.Break(fake.ErrNetwork))}
		ch := open(t, rt, grpcweb.WithEndpoints(second))
		for i, hints := range []bool{false, true} {
			_, err := ch.Unary(context.Background(), method, ping)
			if st := wantCode(t, err, status.Unavailable); strings.Contains(st.Message, "CORS") != hints {
				t.Errorf("call %d: %q", i+1, st.Message)
			}
		}
	})
}
