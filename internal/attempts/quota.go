package attempts

// Quota counts the bytes that a channel's calls keep for replay. A call is charged once
// for each message, however many attempts send it (SEMANTICS 2.11).
type Quota struct {
	perChannel int64
	perCall    int64
	used       int64
}

// NewQuota makes a Quota with limits in bytes. Unlimited means no limit.
func NewQuota(perChannel, perCall int64) *Quota {
	return &Quota{perChannel: perChannel, perCall: perCall}
}

// Unlimited is a limit that nothing reaches.
const Unlimited int64 = 1<<63 - 1

// Used returns how many bytes all uncommitted calls hold.
func (q *Quota) Used() int64 { return q.used }

// charge adds a message to a call that holds this many bytes already. It returns false
// if the message does not fit. A message that exactly reaches a limit still fits.
func (q *Quota) charge(held, size int64) bool {
	if size > q.perCall-held || size > q.perChannel-q.used {
		return false
	}
	q.used += size
	return true
}

func (q *Quota) release(held int64) { q.used -= held }
