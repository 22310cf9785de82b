import * as grpcWeb from 'grpc-web';

import * as chaos_v1_chaos_pb from '../../chaos/v1/chaos_pb'; // proto import: "chaos/v1/chaos.proto"


export class ChaosClient {
  constructor (hostname: string,
               credentials?: null | { [index: string]: string; },
               options?: null | { [index: string]: any; });

  do(
    request: chaos_v1_chaos_pb.Request,
    metadata: grpcWeb.Metadata | undefined,
    callback: (err: grpcWeb.RpcError,
               response: chaos_v1_chaos_pb.Reply) => void
  ): grpcWeb.ClientReadableStream<chaos_v1_chaos_pb.Reply>;

  stream(
    request: chaos_v1_chaos_pb.Request,
    metadata?: grpcWeb.Metadata
  ): grpcWeb.ClientReadableStream<chaos_v1_chaos_pb.Reply>;

  report(
    request: chaos_v1_chaos_pb.ReportRequest,
    metadata: grpcWeb.Metadata | undefined,
    callback: (err: grpcWeb.RpcError,
               response: chaos_v1_chaos_pb.ReportReply) => void
  ): grpcWeb.ClientReadableStream<chaos_v1_chaos_pb.ReportReply>;

}

export class ChaosPromiseClient {
  constructor (hostname: string,
               credentials?: null | { [index: string]: string; },
               options?: null | { [index: string]: any; });

  do(
    request: chaos_v1_chaos_pb.Request,
    metadata?: grpcWeb.Metadata
  ): Promise<chaos_v1_chaos_pb.Reply>;

  stream(
    request: chaos_v1_chaos_pb.Request,
    metadata?: grpcWeb.Metadata
  ): grpcWeb.ClientReadableStream<chaos_v1_chaos_pb.Reply>;

  report(
    request: chaos_v1_chaos_pb.ReportRequest,
    metadata?: grpcWeb.Metadata
  ): Promise<chaos_v1_chaos_pb.ReportReply>;

}

