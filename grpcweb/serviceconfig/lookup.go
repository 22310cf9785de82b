package serviceconfig

import "strings"

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
	name := splitMethod(method)
	for _, n := range [...]Name{name, {Service: name.Service}, {}} {
		if m := c.index[n.Service][n.Method]; m != nil {
			return m
		}
	}
	return nil
}

// splitMethod parts "/package.Service/Method".
func splitMethod(method string) Name {
	method = strings.TrimPrefix(method, "/")
	slash := strings.LastIndexByte(method, '/')
	if slash < 0 {
		return Name{}
	}
	return Name{Service: method[:slash], Method: method[slash+1:]}
}

// makeIndex is for a config without problems: each name stands there once.
func (c *Config) makeIndex() {
	c.index = make(byName[*Method])
	for i := range c.Methods {
		for _, name := range c.Methods[i].Names {
			c.index.set(name, &c.Methods[i])
		}
	}
}

// byName holds a value for each name, by its service and then by its method. A map
// whose keys are structs would be shorter, but TinyGo hashes those by reflection,
// which costs a browser 5 KB.
type byName[V any] map[string]map[string]V

func (m byName[V]) set(name Name, v V) {
	if m[name.Service] == nil {
		m[name.Service] = make(map[string]V)
	}
	m[name.Service][name.Method] = v
}
