package wire

// The dialect of the improbable wrapper (github.com/improbable-eng/grpc-web) over
// WebSockets. The request's header is the first message. Each further one is a
// control byte, and behind SocketData a piece of the request's body. The response
// comes as it would over HTTP, with its head in a frame before it.
const (
	SocketProtocol  = "grpc-websockets" // the subprotocol
	SocketData      = 0                 // a piece follows
	SocketHalfClose = 1                 // no further piece follows
	SocketPiece     = 32<<10 - 1        // the longest piece: the wrapper reads 32 KiB with the control byte, and closes with 1009 where there is more
)
