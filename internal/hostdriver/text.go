package hostdriver

import (
	"errors"

	"github.com/hedgerow-web/hedgerow/internal/text"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// reader reads text that JavaScript has joined: each part ends in a NUL.
type reader struct{ rest string }

func (r *reader) next() string {
	part, rest, _ := text.Cut(r.rest, '\x00')
	r.rest = rest
	return part
}

// metadata reads so many fields of the application's. Were there a NUL in one
// of them, all behind it would be taken for something else: that is refused.
func (r *reader) metadata(fields uint32) (metadata.MD, error) {
	if uint64(text.Count(r.rest, '\x00')) != 2*uint64(fields) {
		return metadata.MD{}, errors.New("the method or a field of the metadata holds a NUL character, which no request can carry")
	}
	return r.fields(fields, false), nil
}

// fields reads so many names and values, as they stand on the wire, or as many
// as there are. What came from a server is limited.
func (r *reader) fields(n uint32, came bool) metadata.MD {
	var md metadata.MD
	n = min(n, uint32((text.Count(r.rest, '\x00')+1)/2))
	if n > 0 {
		md.Grow(int(min(n, wire.MaxFields)))
	}
	for ; n > 0; n-- {
		name := r.next()
		if value := r.next(); came {
			wire.ReceiveField(&md, name, value)
		} else {
			wire.AppendField(&md, name, value)
		}
	}
	return md
}

// last is the text that came last to an export. Most calls of a page begin with the
// same one, and most of its responses too: then nothing is made of it again.
type last struct {
	text   string
	fields uint32
	md     metadata.MD
}

// of is the text, and whether it is another than before.
func (l *last) of(in []byte) (text string, other bool) {
	if other = string(in) != l.text; other {
		l.text = string(in)
	}
	return l.text, other
}

// head is the text as so many fields of a response.
func (l *last) head(in []byte, fields uint32) metadata.MD {
	if text, other := l.of(in); other || fields != l.fields {
		r := reader{text}
		l.fields, l.md = fields, r.fields(fields, true)
	}
	return l.md
}
