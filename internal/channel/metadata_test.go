package channel

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
)

func TestCheckMetadata(t *testing.T) {
	for _, c := range []struct {
		name   string
		page   bool
		refuse bool
	}{
		{"x-app", true, false},
		{"authorization", true, false},
		{"grpc-timeout", false, true},
		{"grpc-status", false, true},
		{"grpc-", false, true},
		{"grpc", false, false},
		{AttemptsHeader, false, false}, // it is left out as the request is sent
		{"content-type", false, true},
		{"user-agent", false, true},
		{"cookie", true, true},
		{"cookie", false, false},
		{"sec-x", true, true},
		{"proxy-x", true, true},
		{"proxy-x", false, false},
		{"a b", false, true},
	} {
		o := Options{Page: c.page}
		if err := o.CheckMetadata(metadata.New(c.name, "1")); (err != nil) != c.refuse {
			t.Errorf("%s, in a page %v: %v", c.name, c.page, err)
		}
	}
}
