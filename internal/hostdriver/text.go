package hostdriver

import (
	"errors"

	"github.com/hedgerow-web/hedgerow/internal/text"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// reader reads the parts of a text from JavaScript. Each part ends in a NUL.
type reader struct{ rest string }

func (r *reader) next() string {
	part, rest, _ := text.Cut(r.rest, '\x00')
	r.rest = rest
	return part
}

// metadata reads the application's fields. It refuses a field that contains a NUL,
// because everything after it would be misread.
func (r *reader) metadata(fields uint32) (metadata.MD, error) {
	if uint64(text.Count(r.rest, '\x00')) != 2*uint64(fields) {
		return metadata.MD{}, errors.New("the method or a field of the metadata holds a NUL character, which no request can carry")
	}
	return r.fields(fields, false), nil
}

// fields reads up to n names and values, which are encoded as on the wire. If they came
// from a server, their number is limited.
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

// last remembers the previous text of an export, and what was made from it. Most calls
// of a page begin with the same text, as do most of its responses, and then JavaScript
// does not write it, and it need not be read again.
type last struct {
	text   string
	fields uint32
	md     metadata.MD
	method string
	err    error // why the metadata is refused
}

// of returns the text, and whether it differs from the previous one. Without bytes it is
// the previous one.
func (l *last) of(in []byte) (said string, other bool) {
	if other = len(in) > 0 && !text.Equal(in, l.text); other {
		l.text = string(in)
	}
	return l.text, other
}

// start reads the text as a method and the application's fields.
func (l *last) start(in []byte, fields uint32) (method string, md metadata.MD, err error) {
	if said, other := l.of(in); other || fields != l.fields {
		r := reader{said}
		l.method = r.next()
		l.fields = fields
		l.md, l.err = r.metadata(fields)
	}
	return l.method, l.md, l.err
}

// head reads the text as the fields of a response head.
func (l *last) head(in []byte, fields uint32) metadata.MD {
	if fields == 0 {
		return metadata.MD{}
	}
	if said, other := l.of(in); other || fields != l.fields {
		r := reader{said}
		l.fields, l.md = fields, r.fields(fields, true)
	}
	return l.md
}
