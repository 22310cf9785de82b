package grpcweb_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

// Resubscribing. A stream that breaks before its first message is tried again by
// its policy; afterwards the call is committed, and only the application knows
// where to go on. So requests name the last message that was dealt with, and a
// loop begins the stream anew behind it. Its waits grow while nothing comes.
func ExampleStream() {
	ctx := context.Background()
	channel, err := grpcweb.NewChannel(feedThatBreaks(), "https://localhost:5001",
		grpcweb.WithServiceConfigJSON(`{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 5, "initialBackoff": "0.1s",
			"maxBackoff": "5s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`))
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()

	const first, longest = 10 * time.Millisecond, 30 * time.Second
	cursor, backoff := 0, first
	for {
		asked := cursor
		err := follow(ctx, channel, cursor, func(event int) {
			fmt.Println("event", event)
			cursor, backoff = event, first
		})
		if err == io.EOF {
			fmt.Println("the feed has ended")
			return
		}
		// UNKNOWN behind an event: a proxy lost the server, and with it the status.
		if code := status.CodeOf(err); code != status.Unavailable && (code != status.Unknown || cursor == asked) {
			log.Fatal(err) // what a retry would not mend either
		}
		fmt.Println("lost after event", cursor)
		select {
		case <-time.After(rand.N(backoff)): // drawn anew, so that clients do not come back all at once
		case <-ctx.Done():
			log.Fatal(ctx.Err())
		}
		backoff = min(2*backoff, longest)
	}

	// Output:
	// event 1
	// event 2
	// lost after event 2
	// event 3
	// lost after event 3
	// event 4
	// event 5
	// the feed has ended
}

// follow subscribes behind a cursor, and has a function deal with what comes.
func follow(ctx context.Context, channel *grpcweb.Channel, cursor int, deal func(event int)) error {
	stream, err := channel.NewStream(ctx, "/news.Feed/Follow", grpcweb.WithWholeRequest())
	if err != nil {
		return err
	}
	defer stream.Close()
	if err := stream.Send([]byte(strconv.Itoa(cursor))); err != nil { // a protobuf message, in earnest
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	for {
		message, err := stream.Recv()
		if err != nil {
			return err
		}
		event, err := strconv.Atoi(string(message))
		if err != nil {
			return err
		}
		deal(event)
	}
}

// feedThatBreaks answers with the events behind the cursor, up to 5. The first
// connection to it breaks after two, and the second answer ends after one without
// its status, as proxies end it that have lost their server.
func feedThatBreaks() *fake.Network {
	return fake.Answering(func(n int, request []byte) fake.Attempt {
		cursor, _ := strconv.Atoi(string(request[5:])) // behind the frame's prefix
		var events [][]byte
		for event := cursor + 1; event <= 5; event++ {
			events = append(events, strconv.AppendInt(nil, int64(event), 10))
		}
		answer := fake.Answer(events...)
		switch n {
		case 1:
			answer.Body = append(answer.Body[:2], fake.Piece{Err: fake.ErrNetwork})
		case 2:
			answer.Body = answer.Body[:1]
		}
		return answer
	})
}
