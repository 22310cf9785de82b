package jsbridge

import (
	"io"
	"time"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// maxPiece is how much of a request goes into one message, behind its control byte:
// the wrapper reads 32 KiB at most, and closes with 1009 where there is more.
const maxPiece = 32<<10 - 1

// How much may wait in a socket before more of the request is taken, and how often
// that is looked at: no event tells.
const (
	highWater = 256 << 10
	look      = 10 * time.Millisecond
)

// brokenOff is a piece with a frame that breaks off. The wrapper tells its handler of the
// end of a socket as of the request's: without this, one that was busy meanwhile would
// take what came until then for all of it. The pieces of grpcweb's bodies are whole
// frames, so that it begins where one can.
var brokenOff = [...]byte{0, 0, 0, 0, 0, 1}

// begin sends the request's header.
func (k *socket) begin(header string) error {
	k.hear(func() { k.begun = !k.over })
	return k.send([]byte(header))
}

// halfClose ends the request.
func (k *socket) halfClose() error {
	k.hear(func() { k.begun = false })
	return k.send([]byte{1})
}

// pump sends the request's body. It ends with it, or with the socket.
func (k *socket) pump(body transport.Body) {
	defer body.Close()
	for k.ending() == nil {
		part, err := body.Next(k.ctx)
		switch err {
		case nil:
			err = k.sendPieces(part)
		case io.EOF:
			_ = k.halfClose()
			return
		}
		if err != nil {
			k.end() // else the server would wait for the rest
			return
		}
		k.drain()
	}
}

// sendPieces sends a part of the body, each piece behind its control byte, which is 0.
func (k *socket) sendPieces(part []byte) error {
	for len(part) > 0 {
		n := min(len(part), maxPiece)
		message, err := construct("Uint8Array", 1+n)
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

// drain waits until little enough waits in the socket. One that was closed with
// something unsent in it never sends it.
func (k *socket) drain() {
	for k.waiting() > highWater && k.ending() == nil {
		select {
		case <-time.After(look):
		case <-k.ctx.Done():
			return
		}
	}
}

func (k *socket) waiting() int {
	amount, err := k.value.Get("bufferedAmount")
	if err != nil {
		return 0
	}
	n, _ := amount.Int()
	return n
}
