package driverscripts

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// All stands for all messages, up to the end of the request.
const All = -1

// Chunk is what one read of a response's body brings: bytes, or a failure.
type Chunk struct {
	After int // milliseconds
	Take  int // how many messages of the request the server takes before; All: to its end
	Data  []byte
	Fail  string
}

// Takes returns how many messages of the request the server takes before the head, or
// All.
func (x Exchange) Takes() int {
	if x.Take == nil {
		return All
	}
	return *x.Take
}

// Fields returns the response's head, with a content type.
func (x Exchange) Fields() map[string]string {
	fields := map[string]string{"content-type": "application/grpc-web+proto"}
	if x.Text {
		fields["content-type"] = "application/grpc-web-text+proto"
	}
	for name, value := range x.Header {
		fields[name] = value
	}
	return fields
}

// Chunks returns the response's body as it is read.
func (x Exchange) Chunks() []Chunk {
	chunks := make([]Chunk, len(x.Body))
	for i, p := range x.Body {
		chunks[i] = Chunk{After: p.After, Take: p.takes(), Data: p.bytes(), Fail: p.Fail}
	}
	if !x.Text && x.Cut == 0 {
		return chunks
	}
	var whole []byte
	for _, c := range chunks {
		whole = append(whole, c.Data...)
	}
	if x.Text {
		whole = []byte(base64.StdEncoding.EncodeToString(whole))
	}
	size := x.Cut
	if size == 0 {
		size = len(whole)
	}
	chunks = nil
	for part := range slices.Chunk(whole, size) {
		chunks = append(chunks, Chunk{Data: part})
	}
	return chunks
}

func (p Part) takes() int {
	if string(p.Take) == `"rest"` {
		return All
	}
	n := 0
	_ = json.Unmarshal(p.Take, &n) // absent: none
	return n
}

func (p Part) bytes() []byte {
	messages := p.Messages
	if p.Message != nil {
		messages = append(messages, *p.Message)
	}
	var all []byte
	for _, m := range messages {
		all = wire.AppendFrame(all, 0, []byte(m))
	}
	switch {
	case p.Gzip != nil:
		return wire.AppendFrame(all, wire.FlagCompressed, zip([]byte(*p.Gzip)))
	case p.Trailer != nil:
		return wire.AppendFrame(all, wire.FlagTrailers, trailerBlock(p.Trailer))
	case p.GzipTrailer != nil:
		return wire.AppendFrame(all, wire.FlagTrailers|wire.FlagCompressed, zip(trailerBlock(p.GzipTrailer)))
	}
	raw, err := hex.DecodeString(p.Hex)
	if err != nil {
		panic(p.Hex + ": " + err.Error())
	}
	return append(all, raw...)
}

func trailerBlock(fields map[string]string) []byte {
	var b bytes.Buffer
	for name, value := range fields {
		b.WriteString(name + ": " + value + "\r\n")
	}
	return b.Bytes()
}

func zip(raw []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(raw) // writing to memory does not fail
	_ = w.Close()
	return b.Bytes()
}

// Messages splits a request's body, which may be base64, into messages.
func Messages(body []byte) []string {
	if raw, err := base64.StdEncoding.DecodeString(string(body)); err == nil {
		body = raw
	}
	var messages []string
	for len(body) >= wire.PrefixSize {
		end := wire.PrefixSize + int(binary.BigEndian.Uint32(body[1:]))
		messages = append(messages, string(body[wire.PrefixSize:end]))
		body = body[end:]
	}
	return messages
}
