package grpcweb

// inbox has the messages of a response that the application has not received yet.
type inbox struct {
	messages []received
	read     int // how many of them were taken
}

// received is a message. If it is shared, it is in memory of the transport's.
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

// keep copies messages out of the transport's memory, which is about to be used for
// others.
func (b *inbox) keep() {
	for i := b.read; i < len(b.messages); i++ {
		b.messages[i] = received{data: b.messages[i].own()}
	}
}

// own returns the message in memory that nobody else uses.
func (r received) own() []byte {
	if !r.shared {
		return r.data
	}
	return append(make([]byte, 0, len(r.data)), r.data...)
}
