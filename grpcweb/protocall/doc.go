// Package protocall makes typed calls over a grpcweb.Channel: messages go in and come
// out as Go values, and a [Codec] turns them into bytes. It links neither protobuf nor
// grpc-go, so a program weighs what its codec weighs.
//
//	client := protocall.New(ch, protocodec.Codec{})
//	res, err := protocall.Unary[pb.HelloReply](ctx, client, "/helloworld.Greeter/SayHello", &pb.HelloRequest{Name: "Ada"})
//	if err != nil {
//		return err // a *status.Status, with the history of the attempts
//	}
//	fmt.Println(res.Message.GetMessage(), len(res.Attempts))
//
// The generator protoc-gen-go-hedgerow writes clients over this package, so that the
// same call is greeter.SayHello(ctx, &pb.HelloRequest{Name: "Ada"}).
//
// There is a function for each kind of call: [Unary], [ServerStreaming],
// [ClientStreaming] and [BidiStreaming]. All of them take the call options of package
// grpcweb, such as grpcweb.WithMetadata; the deadline is the context's. Retries, hedging
// and limits are the channel's.
//
// # Errors
//
// Every error is a *status.Status, except for io.EOF, which Send and Recv return as
// documented. An error of the codec's is one with the code INTERNAL and the codec's error
// as its cause; nothing is sent if a request cannot be marshaled.
//
// # Codecs
//
// Package protocodec is protobuf-go's, for messages made by protoc-gen-go. Package vtcodec
// is for messages that protoc-gen-go-vtproto has given methods of their own. A program
// may have another: all that a channel sees is bytes.
package protocall
