package jsbridge_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

// longChunk is a body of one chunk, whose bytes count.
const longChunk = `
	const chunk = new Uint8Array(200_001).map((_, i) => i * 7);
	return Promise.resolve(new Response(new ReadableStream({start(c) { c.enqueue(chunk); c.close(); }})));`

// A chunk of any length is the same bytes in however many pieces it is taken, and no piece
// is longer than 64 KiB unless that is wanted.
func TestLongChunk(t *testing.T) {
	wanted := make([]byte, 200_001)
	for i := range wanted {
		wanted[i] = byte(i * 7)
	}
	for name, c := range map[string]struct {
		rooms  []int // what is offered for each piece, from the first
		pieces []int
	}{
		"nothing_is_offered":   {nil, []int{65536, 65536, 65536, 3393}},
		"room_for_all":         {[]int{200_001}, []int{200_001}},
		"room_for_more":        {[]int{300_000}, []int{200_001}},
		"room_for_a_part":      {[]int{0, 100_000}, []int{65536, 100_000, 34465}},
		"too_little_room":      {[]int{1000, 1000}, []int{65536, 65536, 65536, 3393}},
		"room_for_what_ends":   {[]int{100_000, 100_000, 1}, []int{100_000, 100_000, 1}},
		"too_little_for_a_cut": {[]int{199_000, 1000}, []int{199_000, 1001}},
	} {
		t.Run(name, func(t *testing.T) {
			fetching(t, longChunk)
			res, err := post(t.Context(), jsbridge.Fetch())
			if err != nil {
				t.Fatal(err)
			}
			var all []byte
			for n := 0; ; n++ {
				var room []byte
				if n < len(c.rooms) && c.rooms[n] > 0 {
					room = make([]byte, c.rooms[n])
					res.Body.(transport.Placer).Place(room)
				}
				piece, err := res.Body.Next(t.Context())
				if err == io.EOF {
					want(t, "pieces", n, len(c.pieces))
					break
				}
				if err != nil || n >= len(c.pieces) {
					t.Fatalf("piece %d: %d bytes, %v", n, len(piece), err)
				}
				want(t, "length", len(piece), c.pieces[n])
				want(t, "is where it is wanted", len(room) > 0 && &room[0] == &piece[0], len(room) >= len(piece))
				all = append(all, piece...)
			}
			if !bytes.Equal(all, wanted) {
				t.Error("the pieces are not the chunk")
			}
		})
	}
}

// Nothing more comes of a chunk once the body is closed.
func TestCloseInsideOfChunk(t *testing.T) {
	fetching(t, longChunk)
	res, err := post(t.Context(), jsbridge.Fetch())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := res.Body.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, "error", res.Body.Close(), nil)
	if piece, err := res.Body.Next(t.Context()); err == nil {
		t.Errorf("%d bytes came after the body was closed", len(piece))
	}
}
