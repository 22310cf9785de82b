package attempts

// Quota is a channel's account of the request messages that are kept for
// replay. Each call is charged once, however many attempts send its messages
// (SEMANTICS 2.11).
type Quota struct {
	perChannel int64
	perCall    int64
	used       int64
}

// NewQuota makes an account with limits in bytes; Unlimited is none.
func NewQuota(perChannel, perCall int64) *Quota {
	return &Quota{perChannel: perChannel, perCall: perCall}
}

// Unlimited is the limit that nothing reaches.
const Unlimited int64 = 1<<63 - 1

// Used is what all uncommitted calls hold.
func (q *Quota) Used() int64 { return q.used }

// charge adds a message to a call that holds so much; false: it does not fit.
// Exactly at the limit still fits.
func (q *Quota) charge(held, size int64) bool {
	if size > q.perCall-held || size > q.perChannel-q.used {
		return false
	}
	q.used += size
	return true
}

func (q *Quota) release(held int64) { q.used -= held }
