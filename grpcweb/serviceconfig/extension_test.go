package serviceconfig

import (
	"strings"
	"testing"
)

// SEMANTICS 8.0b: wherever an x-hedgerow object stands, a field that it does not have
// there is an error with its path.
func TestExtensionsRefuseUnknownFields(t *testing.T) {
	const x = `"x-hedgerow": {"delayPercentle": 1}`
	for path, config := range map[string]string{
		"":                                 "{" + x + "}",
		"methodConfig[0].":                 `{"methodConfig": [{` + x + `}]}`,
		"methodConfig[0].retryPolicy.":     withRetry(x),
		"methodConfig[0].hedgingPolicy.":   withHedging(x),
		"retryThrottling.":                 withThrottling(x),
		"methodConfig[0].hedgingPolicy..x": withHedging(`"x-hedgerow": 5`),
	} {
		if of, is := strings.CutSuffix(path, ".x"); is {
			refused(t, config, of+"x-hedgerow", "must be an object (found 5)")
		} else {
			refused(t, config, path+"x-hedgerow.delayPercentle", "is unknown", "(found 1)")
		}
	}
	for _, fine := range []string{`{"x-hedgerow": {}}`, `{"x-hedgerow": null}`, `{"x-hedgerow": {"a": null}}`, `{"methodConfig": [{"x-other": {"a": 1}}]}`} {
		mustParse(t, fine)
	}
}

// Names that would break a line or hide in it are quoted.
func TestExtensionsQuoteNames(t *testing.T) {
	refused(t, `{"x-hedgerow": {"a\nb": 1}}`, `x-hedgerow."a\x0ab"`)
	refused(t, `{"x-hedgerow": {"": 1}}`, `x-hedgerow.""`)
	refused(t, `{"x-hedgerow": {"twice": 1, "twice": 2}}`, `x-hedgerow.twice`)
}
