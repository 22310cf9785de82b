package grpcweb

import "sync"

// inbox has the messages of a response that the application has not received yet.
type inbox struct {
	messages []received
	read     int // how many of them were taken
}

// received is a message. If it is shared, it is in memory that is used again.
type received struct {
	data   []byte
	shared bool
}

func (b *inbox) add(data []byte, shared bool) {
	b.messages = append(b.messages, received{data[:len(data):len(data)], shared})
}

func (b *inbox) empty() bool { return b.read == len(b.messages) }

// take takes the next message out.
func (b *inbox) take() received {
	next := b.messages[b.read]
	b.messages[b.read] = received{}
	if b.read++; b.empty() {
		b.messages, b.read = b.messages[:0], 0
	}
	return next
}

// reset returns an empty inbox in the same memory.
func (b *inbox) reset() inbox {
	clear(b.messages)
	return inbox{messages: b.messages[:0]}
}

// keep copies messages out of the transport's memory, which is about to be used for
// others, into a room, which grows where it must. They still are shared: the room may be used again.
func (b *inbox) keep(room []byte) []byte {
	size := 0
	for _, m := range b.messages[b.read:] {
		if m.shared {
			size += len(m.data)
		}
	}
	if size > cap(room) {
		room = make([]byte, 0, size)
	}
	room = room[:0]
	for i := range b.messages[b.read:] {
		if m := &b.messages[b.read+i]; m.shared {
			at := len(room)
			room = append(room, m.data...)
			m.data = room[at:len(room):len(room)]
		}
	}
	return room
}

// own returns the message in memory that nobody else uses.
func (r received) own() []byte {
	if !r.shared {
		return r.data
	}
	return append(make([]byte, 0, len(r.data)), r.data...)
}

// memory is what streams use, one after another, for the messages that have come.
type memory struct {
	bytes         []byte // those messages that were taken from the call, one behind the other
	taken, queued []received
}

// memories are those of streams that have ended. None is larger than maxMemory, in any of
// its parts.
var memories sync.Pool

const (
	maxMemory   = 256 << 10
	maxMessages = maxMemory / 32
)

func newMemory() *memory {
	if m, ok := memories.Get().(*memory); ok {
		return m
	}
	return new(memory)
}

// lists are empty ones for the messages that were taken, and for those that were not. If
// some have come already, theirs serves on.
func (m *memory) lists(come []received) (taken, queued []received) {
	if come == nil {
		come = m.queued
	}
	return m.taken, come
}

// release keeps memory for the next stream. Nobody uses it any more.
func (m *memory) release(taken, queued inbox) {
	m.taken, m.queued = taken.messages, queued.messages
	if max(cap(m.taken), cap(m.queued)) <= maxMessages && cap(m.bytes) <= maxMemory {
		memories.Put(m)
	}
}
