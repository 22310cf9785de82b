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
		if m := c.index[n]; m != nil {
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
	c.index = make(map[Name]*Method)
	for i := range c.Methods {
		for _, name := range c.Methods[i].Names {
			c.index[name] = &c.Methods[i]
		}
	}
}
