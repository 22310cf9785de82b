package jsbridge

import (
	"io"
	"time"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

const (
	// highWater is how many bytes may wait in a socket before more of the request is
	// taken from the call.
	highWater = 256 << 10
	// checkInterval is how often a full socket is asked whether it has been drained. A
	// WebSocket has no event that tells.
	checkInterval = 10 * time.Millisecond
)

// brokenFrame is a piece of the request, after its control byte: the prefix of a frame
// that promises one byte, and then nothing. It is sent when a request is given up
// (SEMANTICS 5.8f), because the wrapper reports the end of a socket to its handler as
// the end of the request: the handler of a request that was given up would take the
// messages that it has for all there are. The pieces of grpcweb's bodies are whole
// frames, so this one is sent where a frame can begin.
var brokenFrame = [...]byte{wire.SocketData, 0, 0, 0, 0, 1}

// sendHeader sends the request's header, which begins the request.
func (k *socket) sendHeader(header string) error {
	k.update(func() { k.unfinished = !k.over })
	return k.send([]byte(header))
}

// halfClose ends the request.
func (k *socket) halfClose() error {
	k.update(func() { k.unfinished = false })
	return k.send([]byte{wire.SocketHalfClose})
}

// pump sends the request's body. It returns when all of it is sent, or when the socket
// is closed.
func (k *socket) pump(body transport.Body) {
	defer body.Close()
	for k.closeError() == nil {
		part, err := body.Next(k.ctx)
		switch err {
		case nil:
			err = k.sendPieces(part)
		case io.EOF:
			_ = k.halfClose()
			return
		}
		if err != nil {
			k.end() // Without this, the server would wait for the rest.
			return
		}
		k.drain()
	}
}

// sendPieces sends a part of the body, in pieces. Each is preceded by a control byte,
// SocketData, which is 0, as new memory is.
func (k *socket) sendPieces(part []byte) error {
	for len(part) > 0 {
		n := min(len(part), wire.SocketPiece)
		message, err := uint8Array(1 + n)
		if err != nil {
			return err
		}
		piece, err := message.Call("subarray", 1)
		if err != nil {
			return err
		}
		if _, err := safejs.CopyBytesToJS(piece, part[:n]); err != nil {
			return err
		}
		if _, err := k.value.Call("send", message); err != nil {
			return err
		}
		part = part[n:]
	}
	return nil
}

func (k *socket) send(message []byte) error {
	array, err := bytesOf(message)
	if err == nil {
		_, err = k.value.Call("send", array)
	}
	return err
}

// drain waits until at most highWater bytes wait in the socket. It gives up when the
// socket is closed, because what waits in a closed socket is never sent.
func (k *socket) drain() {
	for k.waiting() > highWater && k.closeError() == nil {
		select {
		case <-time.After(checkInterval):
		case <-k.ctx.Done():
			return
		}
	}
}

func (k *socket) waiting() int {
	amount, err := property(k.value, "bufferedAmount")
	if err != nil {
		return 0
	}
	n, _ := amount.Int()
	return n
}
