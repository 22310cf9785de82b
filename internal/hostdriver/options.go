package hostdriver

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/text"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// readOptions reads a channel's options from a text of alternating names and values.
// Absent options have their defaults.
func readOptions(block string) (channel.Options, []serviceconfig.Problem) {
	r := optionReader{options: channel.DefaultOptions()}
	r.options.Random = generator("") // unless a seed or a draw is given
	for parts := (reader{block}); parts.rest != ""; {
		name := parts.next()
		r.read(name, parts.next())
	}
	r.options.Validate(r.problems.Add)
	return r.options, r.problems
}

type optionReader struct {
	options  channel.Options
	problems channel.Problems
}

const (
	metadataPrefix = ">" // of the names of the channel's metadata
	givenPrefix    = "?" // of the application's options, which may have any name
)

func (r *optionReader) read(name, value string) {
	o := &r.options
	switch name {
	case "baseUrl":
		o.AddURL(value)
	case "serviceConfig":
		o.Config, o.ConfigError = serviceconfig.Parse(value)
	case "credentialsRefresh":
		o.ReadRefresh(value, r.problems.Add)
	case "state":
		o.KeepsState, o.State = true, value
	case "seed":
		o.Random = generator(value)
	case "random":
		n, _ := text.Number(value)
		drawn := float64(n) / (1 << 53)
		o.Random = func() float64 { return drawn }
	default:
		if option, is := strings.CutPrefix(name, givenPrefix); is {
			if !o.ReadValue(option, value, r.problems.Add) {
				r.problems.Add(option, "unknown option")
			}
		} else if field, is := strings.CutPrefix(name, metadataPrefix); is || !o.Read(name, value, r.problems.Add) {
			wire.AppendField(&o.Metadata, field, value)
		}
	}
}

// generator returns a SplitMix64 generator of numbers in [0, 1). That is good enough for
// jitter, and math/rand would add kilobytes to the WebAssembly.
func generator(seed string) func() float64 {
	number, _ := text.Number(seed)
	state := uint64(number)
	return func() float64 {
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		return float64(z>>11) / (1 << 53)
	}
}
