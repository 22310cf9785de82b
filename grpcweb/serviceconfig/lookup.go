package serviceconfig

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/internal/text"
)

// Lookup finds the entry for a method, written as in "/helloworld.Greeter/SayHello":
// the one that names the method, else the one that names its service, else the
// default, else nil. The first that is found holds whole; nothing is merged into
// it (SEMANTICS 1.3a).
//
// A nil Config finds nothing, and neither does one that Validate has not
// accepted. Any number of goroutines may look up at the same time.
func (c *Config) Lookup(method string) *Method {
	if c == nil {
		return nil
	}
	method = strings.TrimPrefix(method, "/")
	service := method[:strings.LastIndexByte(method, '/')+1]
	if service == "" {
		method, service = everything, everything
	}
	for _, key := range [...]string{method, service, everything} {
		if at := c.index.keys.Find(key); at >= 0 {
			return &c.Methods[c.index.entries[at]]
		}
	}
	return nil
}

// nameIndex finds the entry that has a name. check makes it.
type nameIndex struct {
	keys    text.Index
	entries []int32 // by the numbers of the keys
}

// everything is the key of the default.
const everything = "/"

// key is the name as it stands in a path: "helloworld.Greeter/SayHello", and
// "helloworld.Greeter/" for all methods of a service.
func (n Name) key() string {
	if strings.IndexByte(n.Method, '/') >= 0 {
		return n.Service + "\x00" + n.Method // no path has this name, and no other name this key
	}
	return n.Service + "/" + n.Method
}
