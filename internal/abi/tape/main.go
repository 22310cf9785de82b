// Command tape makes tapes of events, and plays them to the driver as native Go runs
// it. Package abitest says what lies on a tape and in a transcript, so that any
// other build of the program can be told the same, and compared.
//
//	go run ./internal/abi/tape record [-seed 1] [-scripts 100] >tape
//	go run ./internal/abi/tape play <tape >transcript
//
// Each script is told to an instance of its own.
package main

import (
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"

	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/abi/abitest"
	"github.com/hedgerow-web/hedgerow/internal/hostdriver"
)

func main() {
	if len(os.Args) < 2 {
		fail("usage: tape record [-seed n] [-scripts n] >tape, or tape play <tape >transcript")
	}
	switch os.Args[1] {
	case "record":
		flags := flag.NewFlagSet("record", flag.ExitOnError)
		seed := flags.Int64("seed", 1, "what the scripts are drawn from")
		scripts := flags.Int("scripts", 100, "how many")
		flags.Parse(os.Args[2:])
		os.Stdout.Write(record(*seed, *scripts))
	case "play":
		tape, err := io.ReadAll(os.Stdin)
		if err != nil {
			fail(err.Error())
		}
		os.Stdout.Write(play(tape))
	default:
		fail("unknown command " + os.Args[1])
	}
}

func record(seed int64, scripts int) (tape []byte) {
	random := rand.New(rand.NewSource(seed))
	for n := range scripts {
		if n > 0 {
			tape = append(tape, abitest.Fresh)
		}
		data := make([]byte, 200+random.Intn(1000))
		random.Read(data)
		for _, e := range abitest.Script(data) {
			if e.Claims == 0 { // what lies about its input would end its script
				tape = abitest.AppendEvent(tape, e)
			}
		}
	}
	return tape
}

func play(tape []byte) (transcript []byte) {
	for len(tape) > 0 {
		buffers := abi.NewBuffers()
		host := &abitest.Host{Buffers: buffers, Program: hostdriver.New(buffers)}
		answers, rest, err := host.Play(tape)
		if err != nil {
			fail(err.Error())
		}
		transcript, tape = append(transcript, answers...), rest
	}
	return transcript
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
