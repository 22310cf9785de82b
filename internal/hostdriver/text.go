package hostdriver

import (
	"errors"
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// reader reads text that JavaScript has joined: each part ends in a NUL.
type reader struct{ rest string }

func (r *reader) next() string {
	part, rest, _ := strings.Cut(r.rest, "\x00")
	r.rest = rest
	return part
}

// metadata reads so many fields of the application's. Were there a NUL in one
// of them, all behind it would be taken for something else: that is refused.
func (r *reader) metadata(fields uint32) (metadata.MD, error) {
	if uint64(strings.Count(r.rest, "\x00")) != 2*uint64(fields) {
		return metadata.MD{}, errors.New("the method or a field of the metadata holds a NUL character, which no request can carry")
	}
	return r.fields(fields, wire.AppendField), nil
}

// fields reads so many names and values, as they stand on the wire, or as many
// as there are. add is wire.AppendField, or wire.ReceiveField for what came.
func (r *reader) fields(n uint32, add func(md *metadata.MD, name, text string)) metadata.MD {
	var md metadata.MD
	for ; n > 0 && r.rest != ""; n-- {
		name := r.next()
		add(&md, name, r.next())
	}
	return md
}
