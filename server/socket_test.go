package server

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// A server that has answered before the end of the request closes the connection, even if the client still sends messages and waits
// for the server to close. nhooyr.io/websocket 1.8.6 took the payload of such a message for the header of a frame, now and then, and
// waited for the rest of that frame for ever.
func TestSocketsThatStillSend(t *testing.T) {
	c := start(t, "HTTP/1.1", Options{})
	request := append([]byte{0}, frame(t, one(&chaosv1.Step{Messages: proto.Uint32(1)}))...)
	for range 7 { // All at once would be more connections than some systems let a process have.
		closeAll(t, c, request)
	}
}

func closeAll(t *testing.T, c *client, request []byte) {
	var calls sync.WaitGroup
	for range 300 {
		calls.Go(func() {
			conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://"))
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(time.Minute))
			if err := converseUntilClosed(conn, request); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
}

// converseUntilClosed begins a call over a WebSocket, sends another message for each frame that comes until the server begins to
// close the socket, and waits for the end of the connection.
func converseUntilClosed(conn net.Conn, request []byte) error {
	const opening = "GET " + chaosPath + "Converse HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: grpc-websockets\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
	if _, err := io.WriteString(conn, opening); err != nil {
		return err
	}
	received := bufio.NewReader(conn)
	response, err := http.ReadResponse(received, nil)
	if err != nil {
		return err
	}
	response.Body.Close()
	if err := writeFrame(conn, 2, []byte("content-type: application/grpc-web+proto\r\n")); err != nil {
		return err
	}
	if err := writeFrame(conn, 2, request); err != nil {
		return err
	}
	for {
		opcode, err := readFrame(received)
		switch {
		case err != nil && errors.Is(err, os.ErrDeadlineExceeded):
			return err
		case err != nil:
			return nil // The server has closed the connection, which may reset it.
		case opcode == 8:
			_ = writeFrame(conn, 8, []byte{3, 232}) // the code 1000
		default:
			_ = writeFrame(conn, 2, request)
		}
	}
}

// readFrame reads one of the server's frames, and returns its opcode.
func readFrame(r *bufio.Reader) (opcode byte, err error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return 0, err
	}
	length := int64(head[1])
	if length == 126 {
		if _, err := io.ReadFull(r, head[2:]); err != nil {
			return 0, err
		}
		length = int64(binary.BigEndian.Uint16(head[2:]))
	}
	_, err = io.CopyN(io.Discard, r, length)
	return head[0] & 15, err
}

// writeFrame sends a short message as a client does: with a mask.
func writeFrame(conn net.Conn, opcode byte, payload []byte) error {
	head := []byte{0x80 | opcode, 0x80 | byte(len(payload))}
	if len(payload) > 125 {
		head = binary.BigEndian.AppendUint16([]byte{0x80 | opcode, 0x80 | 126}, uint16(len(payload)))
	}
	var mask [4]byte
	_, _ = rand.Read(mask[:])
	bytes := append(head, mask[:]...)
	for i, b := range payload {
		bytes = append(bytes, b^mask[i%4])
	}
	_, err := conn.Write(bytes)
	return err
}
