package dynamic

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Describe returns a service, message or enum by its full name, written as in a .proto file. Options and comments are left out: servers
// do not tell comments.
func (c *Client) Describe(name string) (string, error) {
	found, err := c.Find(name)
	if err != nil {
		return "", err
	}
	p := &printer{}
	switch d := found.(type) {
	case protoreflect.ServiceDescriptor:
		p.service(d)
	case protoreflect.MessageDescriptor:
		p.message(d)
	case protoreflect.EnumDescriptor:
		p.enum(d)
	default:
		return "", fmt.Errorf("dynamic: %s is part of %s: describe that", name, found.Parent().FullName())
	}
	return p.text.String(), nil
}

// printer writes descriptors as .proto files have them.
type printer struct {
	text  strings.Builder
	depth int
}

func (p *printer) line(format string, a ...any) {
	p.text.WriteString(strings.Repeat("  ", p.depth))
	fmt.Fprintf(&p.text, format, a...)
	p.text.WriteByte('\n')
}

// block writes what is between braces.
func (p *printer) block(head string, inside func()) {
	p.line("%s {", head)
	p.depth++
	inside()
	p.depth--
	p.line("}")
}

func (p *printer) service(s protoreflect.ServiceDescriptor) {
	p.block("service "+string(s.Name()), func() {
		for i := range s.Methods().Len() {
			m := s.Methods().Get(i)
			p.line("rpc %s(%s) returns (%s);", m.Name(), streamed(m.IsStreamingClient(), m.Input()), streamed(m.IsStreamingServer(), m.Output()))
		}
	})
}

func streamed(stream bool, m protoreflect.MessageDescriptor) string {
	if stream {
		return "stream " + string(m.FullName())
	}
	return string(m.FullName())
}

func (p *printer) message(m protoreflect.MessageDescriptor) {
	p.block("message "+string(m.Name()), func() {
		for i := range m.Enums().Len() {
			p.enum(m.Enums().Get(i))
		}
		for i := range m.Messages().Len() {
			if inner := m.Messages().Get(i); !inner.IsMapEntry() {
				p.message(inner)
			}
		}
		for i := range m.Fields().Len() {
			f := m.Fields().Get(i)
			of := f.ContainingOneof()
			switch {
			case of == nil || of.IsSynthetic():
				p.field(f)
			case of.Fields().Get(0) == f:
				p.block("oneof "+string(of.Name()), func() {
					for i := range of.Fields().Len() {
						p.field(of.Fields().Get(i))
					}
				})
			}
		}
	})
}

func (p *printer) field(f protoreflect.FieldDescriptor) {
	label := ""
	switch {
	case f.IsMap():
		p.line("map<%s, %s> %s = %d;", typeOf(f.MapKey()), typeOf(f.MapValue()), f.Name(), f.Number())
		return
	case f.IsList():
		label = "repeated "
	case f.Cardinality() == protoreflect.Required:
		label = "required "
	case f.HasOptionalKeyword():
		label = "optional "
	}
	p.line("%s%s %s = %d;", label, typeOf(f), f.Name(), f.Number())
}

func typeOf(f protoreflect.FieldDescriptor) string {
	switch f.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return string(f.Message().FullName())
	case protoreflect.EnumKind:
		return string(f.Enum().FullName())
	default:
		return f.Kind().String()
	}
}

func (p *printer) enum(e protoreflect.EnumDescriptor) {
	p.block("enum "+string(e.Name()), func() {
		for i := range e.Values().Len() {
			v := e.Values().Get(i)
			p.line("%s = %d;", v.Name(), v.Number())
		}
	})
}
