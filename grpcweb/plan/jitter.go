package plan

// Jitter is how the delay before a retry is drawn from its bound.
type Jitter uint8

// The ways to draw a delay.
const (
	// FullJitter draws uniformly from 0 up to the bound. It is the default, and
	// spreads a crowd of clients best.
	FullJitter Jitter = iota
	// PlusMinus20 draws uniformly from 80 % to 120 % of the bound, as gRFC A6 has
	// required since 2024. The delay may exceed maxBackoff by a fifth.
	PlusMinus20
)
