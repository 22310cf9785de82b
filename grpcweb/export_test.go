package grpcweb

import "github.com/hedgerow-web/hedgerow/internal/channel"

// Buffered is how many bytes the channel's calls hold for replay.
func (ch *Channel) Buffered() int64 {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return ch.core.Quota().Used()
}

// Running is how many calls are under way.
func (ch *Channel) Running() int {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return len(ch.calls)
}

// Kept is how many messages of the request are held in memory.
func (s *Stream) Kept() int {
	s.driver.channel.mu.Lock()
	defer s.driver.channel.mu.Unlock()
	return len(s.driver.request.frames)
}

// Places is how long the list of the request's messages is in memory.
func (s *Stream) Places() int {
	s.driver.channel.mu.Lock()
	defer s.driver.channel.mu.Unlock()
	return cap(s.driver.request.frames)
}

// InText is what a request's body goes through in text mode.
var InText = inText

// WithRawNumber sets a number of the core's table to a value as it is, also to one
// that the options of this package read as something else.
func WithRawNumber(name string, value int64) Option {
	return option(func(s *settings) { channel.NumberOf(name).Set(&s.core, value) })
}
