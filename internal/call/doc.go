// Package call is one call, as both drivers turn it: the machine that counts,
// waits, throttles and commits its attempts (package attempts), joined with the
// HTTP exchange of each attempt (package exchange).
//
// A driver tells a Call what happened, with the instant, and carries out the
// actions that Take hands out. Payloads stay with the driver: the call knows
// their sizes and where they lie.
package call
