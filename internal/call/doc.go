// Package call is one call, as both drivers use it. It joins the state machine that
// counts, waits, throttles and commits the call's attempts (package attempts) with the
// HTTP exchange of each attempt (package exchange).
//
// A driver tells a Call what happened, and when, and carries out the actions that Take
// returns. Payloads stay with the driver: a Call knows only how long they are and where
// in a chunk they lie.
package call
