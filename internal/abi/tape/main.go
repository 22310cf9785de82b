// Command tape makes tapes of events, and plays them to the driver as native Go runs
// it. Package abitest says what lies on a tape and in a transcript, so that any
// other build of the program can be told the same, and compared: see
// wasm/npm/differential.mjs.
//
//	go run ./internal/abi/tape record [-seed 1] [-events 100000] >tape
//	go run ./internal/abi/tape play <tape >transcript
//	go run ./internal/abi/tape show <transcript    prints the answers in words
//	go run ./internal/abi/tape events <tape        prints the events in words
//
// A tape consists of worlds; each is told to an instance of its own. What the events
// reached is told at the end, to standard error.
package main

import (
	"bufio"
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
		fail("usage: tape record [-seed n] [-events n] >tape, or tape play|show|events")
	}
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	switch os.Args[1] {
	case "record":
		flags := flag.NewFlagSet("record", flag.ExitOnError)
		seed := flags.Int64("seed", 1, "what everything is drawn from")
		events := flags.Int("events", 100_000, "how many")
		flags.Parse(os.Args[2:])
		record(out, *seed, *events)
	case "play":
		out.Write(play(input()))
	case "show":
		show(out, input())
	case "events":
		for tape := input(); len(tape) > 0; {
			e, rest, err := abitest.ReadEvent(tape)
			orFail(err)
			fmt.Fprintln(out, e)
			tape = rest
		}
	default:
		fail("unknown command " + os.Args[1])
	}
}

func input() []byte {
	bytes, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err.Error())
	}
	return bytes
}

// record makes worlds until there are enough events. Most are a page in use; some are
// events in no order at all, and a few end with an event of which a program dies.
func record(out *bufio.Writer, seed int64, events int) {
	random := rand.New(rand.NewSource(seed))
	reached := abitest.NewReached()
	draw := func(n int) []byte {
		data := make([]byte, n)
		random.Read(data)
		return data
	}
	var tape []byte
	for reached.Events < events {
		if reached.Instances++; reached.Instances > 1 {
			out.WriteByte(abitest.Fresh)
		}
		host := newHost()
		tell := func(e abitest.Event) { _, err := out.Write(abitest.AppendEvent(tape[:0], e)); orFail(err) }
		if random.Intn(4) == 0 {
			for _, e := range abitest.Script(draw(200 + random.Intn(1000))) {
				if e.Claims != 0 { // what lies about its input cannot be written on a tape
					continue
				}
				tell(e)
				host.Enter(e)
				actions, err := host.Decode()
				orFail(err)
				reached.Note(e, actions)
			}
		} else {
			traffic := abitest.NewTraffic(nil, func() []byte { return draw(4096) }, host, reached)
			for n := min(events-reached.Events, 500+random.Intn(10_000)); n > 0; n-- {
				e, _, err := traffic.Step()
				orFail(err)
				tell(e)
			}
		}
		if random.Intn(20) == 0 {
			tell(abitest.Named("start", []byte("short"), 5))
		}
	}
	fmt.Fprintln(os.Stderr, reached)
}

func newHost() *abitest.Host {
	buffers := abi.NewBuffers()
	return &abitest.Host{Buffers: buffers, Program: hostdriver.New(buffers)}
}

func play(tape []byte) (transcript []byte) {
	for len(tape) > 0 {
		answers, rest, err := newHost().Play(tape)
		orFail(err)
		transcript, tape = append(transcript, answers...), rest
	}
	return transcript
}

func show(out *bufio.Writer, transcript []byte) {
	for len(transcript) > 0 {
		answer, rest, err := abitest.ReadAnswer(transcript)
		orFail(err)
		fmt.Fprintln(out, answer)
		transcript = rest
	}
}

func orFail(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
