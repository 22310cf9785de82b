package channel

import "github.com/hedgerow-web/hedgerow/internal/text"

// Warning is something that the developer should know and that is not an error.
type Warning struct {
	Kind string // one of the TypeScript package's WarningKind
	Text string
	// Headers that a server on another origin must allow, and expose.
	Allow, Expose []string
}

// warnClamped warns of policies that ask for more attempts than the channel allows. That
// is not an error (SEMANTICS 1.4 V2). A channel that has retries
// switched off gets no warning, and one with very many such policies only the first hundred.
func (ch *Channel) warnClamped() {
	if ch.options.MaxRetryAttempts < 2 {
		return
	}
	for i := range ch.options.Config.Methods {
		m := &ch.options.Config.Methods[i]
		if asked := m.MaxAttempts(); int64(asked) > ch.options.MaxRetryAttempts && len(ch.warnings) < 100 {
			ch.warnings = append(ch.warnings, Warning{
				Kind: "policyClamped",
				Text: "methodConfig[" + text.Decimal(i) + "]." + m.PolicyField() + ".maxAttempts is " + text.Decimal(asked) +
					", but the channel allows " + text.Decimal(ch.options.MaxRetryAttempts) +
					": raise the channel's maxRetryAttempts to allow more",
			})
		}
	}
}
