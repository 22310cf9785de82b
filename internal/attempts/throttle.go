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

// Blocked reports whether retries and hedges are off, because the bucket is no more
// than half full. A nil Throttle blocks nothing.
func (t *Throttle) Blocked() bool { return t != nil && t.tokens*2 <= t.max }

// Strike takes one token, if there is one.
func (t *Throttle) Strike() {
	if t != nil {
		t.tokens = max(t.tokens-1000, 0)
	}
}

// Refund gives back what a success is worth, until the bucket is full.
func (t *Throttle) Refund() {
	if t != nil {
		t.tokens = min(t.tokens+t.ratio, t.max)
	}
}

// Tokens returns how many tokens are in the bucket, and how many it holds when full.
func (t *Throttle) Tokens() (now, full float64) {
	if t == nil {
		return 0, 0
	}
	return float64(t.tokens) / 1000, float64(t.max) / 1000
}
