package vtcodec_test

import (
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/protocall/vtcodec"
)

// message has the methods that protoc-gen-go-vtproto writes.
type message struct{ text string }

func (m *message) MarshalVT() ([]byte, error)    { return []byte(m.text), nil }
func (m *message) UnmarshalVT(data []byte) error { m.text = string(data); return nil }

func TestCodec(t *testing.T) {
	data, err := vtcodec.Codec{}.Marshal(&message{"hello"})
	if err != nil || string(data) != "hello" {
		t.Errorf("got %q, %v", data, err)
	}
	var got message
	if err := (vtcodec.Codec{}).Unmarshal([]byte("hello"), &got); err != nil || got.text != "hello" {
		t.Errorf("got %q, %v", got.text, err)
	}
}

func TestOtherMessages(t *testing.T) {
	var other struct{}
	_, err := vtcodec.Codec{}.Marshal(&other)
	for method, err := range map[string]error{"MarshalVT": err, "UnmarshalVT": vtcodec.Codec{}.Unmarshal(nil, &other)} {
		if err == nil || !strings.Contains(err.Error(), "*struct {} has no method "+method) || !strings.Contains(err.Error(), "protoc-gen-go-vtproto") {
			t.Errorf("%s: got %v", method, err)
		}
	}
}
