// Command client is a client of connectconformance over the Go API: it reads requests
// from standard input, makes the calls that they ask for, and writes how these ended to
// standard output. conformance/run.mjs runs it.
package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"os"
	"sync"

	"google.golang.org/protobuf/proto"

	conformancev1 "github.com/hedgerow-web/hedgerow/conformance/proto/connectrpc/conformance/v1"
)

// callsAtOnce is how many calls run at the same time. The suite has calls with a deadline
// of half a second, within which they must reach the server even on slow machines.
const callsAtOnce = 12

func main() {
	if err := answerAll(bufio.NewReader(os.Stdin), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// answerAll answers all requests, in whatever order the calls end.
func answerAll(in io.Reader, out io.Writer) error {
	answers := make(chan *conformancev1.ClientCompatResponse)
	written := make(chan error, 1)
	go func() { written <- writeAll(out, answers) }()

	var calls sync.WaitGroup
	free := make(chan struct{}, callsAtOnce)
	for {
		request := &conformancev1.ClientCompatRequest{}
		if err := read(in, request); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		free <- struct{}{}
		calls.Go(func() {
			answers <- answer(request)
			<-free
		})
	}
	calls.Wait()
	close(answers)
	return <-written
}

// read reads a message, which follows its length in four bytes, big-endian.
func read(in io.Reader, m proto.Message) error {
	var length [4]byte
	if _, err := io.ReadFull(in, length[:]); err != nil {
		return err
	}
	message := make([]byte, binary.BigEndian.Uint32(length[:]))
	if _, err := io.ReadFull(in, message); err != nil {
		return err
	}
	return proto.Unmarshal(message, m)
}

// writeAll writes messages in the form that read reads. After an error it writes no
// more, but still receives all messages.
func writeAll(out io.Writer, answers <-chan *conformancev1.ClientCompatResponse) (first error) {
	for m := range answers {
		message, err := proto.Marshal(m)
		if err == nil && first == nil {
			_, err = out.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(message))), message...))
		}
		first = errors.Join(first, err)
	}
	return first
}
