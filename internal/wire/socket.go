package wire

// These constants are of the dialect that the improbable wrapper
// (github.com/improbable-eng/grpc-web) speaks over WebSockets (SEMANTICS 5.8a). The
// first message of a request is its header. Each further message is a control byte and,
// after SocketData, a piece of the request's body. The response is the same as over
// HTTP, after a frame that has its head.
const (
	SocketProtocol  = "grpc-websockets" // the subprotocol
	SocketData      = 0                 // the control byte before a piece of the body
	SocketHalfClose = 1                 // the control byte that ends the request
	// SocketPiece is the longest piece. The wrapper reads messages of at most 32 KiB,
	// control byte included, and closes the socket with code 1009 where one is longer.
	SocketPiece = 32<<10 - 1
)
