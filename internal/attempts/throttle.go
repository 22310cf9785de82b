package attempts

// Throttle is a channel's token bucket (SEMANTICS 2.7a, 2.7f). It counts in integer
// thousandths, so that no rounding of floats moves the threshold.
type Throttle struct {
	tokens int64
	max    int64
	ratio  int64
}

// NewThrottle makes a full bucket of maxTokens, which every success refills by
// ratio thousandths of a token. The service config has checked both.
func NewThrottle(maxTokens, ratioThousandths int) *Throttle {
	full := int64(maxTokens) * 1000
	return &Throttle{tokens: full, max: full, ratio: int64(ratioThousandths)}
}

// Blocked reports whether retries and hedges are off: the bucket is at or
// below its half. A nil Throttle blocks nothing.
func (t *Throttle) Blocked() bool { return t != nil && t.tokens*2 <= t.max }

// Strike takes a token, down to none.
func (t *Throttle) Strike() {
	if t != nil {
		t.tokens = max(t.tokens-1000, 0)
	}
}

// Refund gives the ratio back, up to the full bucket.
func (t *Throttle) Refund() {
	if t != nil {
		t.tokens = min(t.tokens+t.ratio, t.max)
	}
}

// Tokens are the tokens in the bucket, and how many it holds when full.
func (t *Throttle) Tokens() (now, full float64) {
	if t == nil {
		return 0, 0
	}
	return float64(t.tokens) / 1000, float64(t.max) / 1000
}
