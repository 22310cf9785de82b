import * as jspb from 'google-protobuf'

import * as google_protobuf_any_pb from 'google-protobuf/google/protobuf/any_pb'; // proto import: "google/protobuf/any.proto"


export class Request extends jspb.Message {
  getCallId(): string;
  setCallId(value: string): Request;

  getStepsList(): Array<Step>;
  setStepsList(value: Array<Step>): Request;
  clearStepsList(): Request;
  addSteps(value?: Step, index?: number): Step;

  getPayload(): Uint8Array | string;
  getPayload_asU8(): Uint8Array;
  getPayload_asB64(): string;
  setPayload(value: Uint8Array | string): Request;

  getSeed(): number;
  setSeed(value: number): Request;

  serializeBinary(): Uint8Array;
  toObject(includeInstance?: boolean): Request.AsObject;
  static toObject(includeInstance: boolean, msg: Request): Request.AsObject;
  static serializeBinaryToWriter(message: Request, writer: jspb.BinaryWriter): void;
  static deserializeBinary(bytes: Uint8Array): Request;
  static deserializeBinaryFromReader(message: Request, reader: jspb.BinaryReader): Request;
}

export namespace Request {
  export type AsObject = {
    callId: string;
    stepsList: Array<Step.AsObject>;
    payload: Uint8Array | string;
    seed: number;
  };
}

export class Step extends jspb.Message {
  getDelay(): Delay | undefined;
  setDelay(value?: Delay): Step;
  hasDelay(): boolean;
  clearDelay(): Step;

  getHeaderList(): Array<Metadata>;
  setHeaderList(value: Array<Metadata>): Step;
  clearHeaderList(): Step;
  addHeader(value?: Metadata, index?: number): Metadata;

  getEarlyHeader(): boolean;
  setEarlyHeader(value: boolean): Step;

  getMessages(): number;
  setMessages(value: number): Step;
  hasMessages(): boolean;
  clearMessages(): Step;

  getMessageDelay(): Delay | undefined;
  setMessageDelay(value?: Delay): Step;
  hasMessageDelay(): boolean;
  clearMessageDelay(): Step;

  getMessageSize(): number;
  setMessageSize(value: number): Step;

  getEncoding(): string;
  setEncoding(value: string): Step;

  getEndDelay(): Delay | undefined;
  setEndDelay(value?: Delay): Step;
  hasEndDelay(): boolean;
  clearEndDelay(): Step;

  getTrailerList(): Array<Metadata>;
  setTrailerList(value: Array<Metadata>): Step;
  clearTrailerList(): Step;
  addTrailer(value?: Metadata, index?: number): Metadata;

  getPushbackList(): Array<string>;
  setPushbackList(value: Array<string>): Step;
  clearPushbackList(): Step;
  addPushback(value: string, index?: number): Step;

  getStatus(): Status | undefined;
  setStatus(value?: Status): Step;
  hasStatus(): boolean;
  clearStatus(): Step;

  getCut(): Cut | undefined;
  setCut(value?: Cut): Step;
  hasCut(): boolean;
  clearCut(): Step;

  getRaw(): Raw | undefined;
  setRaw(value?: Raw): Step;
  hasRaw(): boolean;
  clearRaw(): Step;

  getHang(): Hang | undefined;
  setHang(value?: Hang): Step;
  hasHang(): boolean;
  clearHang(): Step;

  getEndCase(): Step.EndCase;

  serializeBinary(): Uint8Array;
  toObject(includeInstance?: boolean): Step.AsObject;
  static toObject(includeInstance: boolean, msg: Step): Step.AsObject;
  static serializeBinaryToWriter(message: Step, writer: jspb.BinaryWriter): void;
  static deserializeBinary(bytes: Uint8Array): Step;
  static deserializeBinaryFromReader(message: Step, reader: jspb.BinaryReader): Step;
}

export namespace Step {
  export type AsObject = {
    delay?: Delay.AsObject;
    headerList: Array<Metadata.AsObject>;
    earlyHeader: boolean;
    messages?: number;
    messageDelay?: Delay.AsObject;
    messageSize: number;
    encoding: string;
    endDelay?: Delay.AsObject;
    trailerList: Array<Metadata.AsObject>;
    pushbackList: Array<string>;
    status?: Status.AsObject;
    cut?: Cut.AsObject;
    raw?: Raw.AsObject;
    hang?: Hang.AsObject;
  };

  export enum EndCase {
    END_NOT_SET = 0,
    STATUS = 11,
    CUT = 12,
    RAW = 13,
    HANG = 14,
  }

  export enum MessagesCase {
    _MESSAGES_NOT_SET = 0,
    MESSAGES = 4,
  }
}

export class Status extends jspb.Message {
  getCode(): number;
  setCode(value: number): Status;

  getMessage(): string;
  setMessage(value: string): Status;

  getDetailsList(): Array<google_protobuf_any_pb.Any>;
  setDetailsList(value: Array<google_protobuf_any_pb.Any>): Status;
  clearDetailsList(): Status;
  addDetails(value?: google_protobuf_any_pb.Any, index?: number): google_protobuf_any_pb.Any;

  serializeBinary(): Uint8Array;
  toObject(includeInstance?: boolean): Status.AsObject;
  static toObject(includeInstance: boolean, msg: Status): Status.AsObject;
  static serializeBinaryToWriter(message: Status, writer: jspb.BinaryWriter): void;
  static deserializeBinary(bytes: Uint8Array): Status;
  static deserializeBinaryFromReader(message: Status, reader: jspb.BinaryReader): Status;
}

export namespace Status {
  export type AsObject = {
    code: number;
    message: string;
    detailsList: Array<google_protobuf_any_pb.Any.AsObject>;
  };
}

export class Cut extends jspb.Message {
  getPartialBytes(): number;
  setPartialBytes(value: number): Cut;

  serializeBinary(): Uint8Array;
  toObject(includeInstance?: boolean): Cut.AsObject;
  static toObject(includeInstance: boolean, msg: Cut): Cut.AsObject;
  static serializeBinaryToWriter(message: Cut, writer: jspb.BinaryWriter): void;
  static deserializeBinary(bytes: Uint8Array): Cut;
  static deserializeBinaryFromReader(message: Cut, reader: jspb.BinaryReader): Cut;
}

export namespace Cut {
  export type AsObject = {
    partialBytes: number;
  };
}

export class Raw extends jspb.Message {
  getHttpStatus(): number;
  setHttpStatus(value: number): Raw;

  getHeaderList(): Array<Metadata>;
  setHeaderList(value: Array<Metadata>): Raw;
  clearHeaderList(): Raw;
  addHeader(value?: Metadata, index?: number): Metadata;

  getBodyList(): Array<Uint8Array | string>;
  setBodyList(value: Array<Uint8Array | string>): Raw;
  clearBodyList(): Raw;
  addBody(value: Uint8Array | string, index?: number): Raw;

  getCut(): boolean;
  setCut(value: boolean): Raw;

  serializeBinary(): Uint8Array;
  toObject(includeInstance?: boolean): Raw.AsObject;
  static toObject(includeInstance: boolean, msg: Raw): Raw.AsObject;
  static serializeBinaryToWriter(message: Raw, writer: jspb.BinaryWriter): void;
  static deserializeBinary(bytes: Uint8Array): Raw;
  static deserializeBinaryFromReader(message: Raw, reader: jspb.BinaryReader): Raw;
}

export namespace Raw {
  export type AsObject = {
    httpStatus: number;
    headerList: Array<Metadata.AsObject>;
    bodyList: Array<Uint8Array | string>;
    cut: boolean;
  };
}

export class Hang extends jspb.Message {
  serializeBinary(): Uint8Array;
  toObject(includeInstance?: boolean): Hang.AsObject;
  static toObject(includeInstance: boolean, msg: Hang): Hang.AsObject;
  static serializeBinaryToWriter(message: Hang, writer: jspb.BinaryWriter): void;
  static deserializeBinary(bytes: Uint8Array): Hang;
  static deserializeBinaryFromReader(message: Hang, reader: jspb.BinaryReader): Hang;
}

export namespace Hang {
  export type AsObject = {
  };
}

export class Metadata extends jspb.Message {
  getName(): string;
  setName(value: string): Metadata;

  getValue(): string;
  setValue(value: string): Metadata;

  getBinary(): Uint8Array | string;
  getBinary_asU8(): Uint8Array;
  getBinary_asB64(): string;
  setBinary(value: Uint8Array | string): Metadata;

  serializeBinary(): Uint8Array;
  toObject(includeInstance?: boolean): Metadata.AsObject;
  static toObject(includeInstance: boolean, msg: Metadata): Metadata.AsObject;
  static serializeBinaryToWriter(message: Metadata, writer: jspb.BinaryWriter): void;
  static deserializeBinary(bytes: Uint8Array): Metadata;
  static deserializeBinaryFromReader(message: Metadata, reader: jspb.BinaryReader): Metadata;
}

export namespace Metadata {
  export type AsObject = {
    name: string;
    value: string;
    binary: Uint8Array | string;
  };
}

export class Delay extends jspb.Message {
  getFixedMs(): number;
  setFixedMs(value: number): Delay;
  hasFixedMs(): boolean;
  clearFixedMs(): Delay;

  getUniform(): Uniform | undefined;
  setUniform(value?: Uniform): Delay;
  hasUniform(): boolean;
  clearUniform(): Delay;

  getExponential(): Exponential | undefined;
  setExponential(value?: Exponential): Delay;
  hasExponential(): boolean;
  clearExponential(): Delay;

  getSlowTail(): SlowTail | undefined;
  setSlowTail(value?: SlowTail): Delay;
  hasSlowTail(): boolean;
  clearSlowTail(): Delay;

  getDistributionCase(): Delay.DistributionCase;

  serializeBinary(): Uint8Array;
  toObject(includeInstance?: boolean): Delay.AsObject;
  static toObject(includeInstance: boolean, msg: Delay): Delay.AsObject;
  static serializeBinaryToWriter(message: Delay, writer: jspb.BinaryWriter): void;
  static deserializeBinary(bytes: Uint8Array): Delay;
  static deserializeBinaryFromReader(message: Delay, reader: jspb.BinaryReader): Delay;
}

export namespace Delay {
  export type AsObject = {
    fixedMs?: number;
    uniform?: Uniform.AsObject;
    exponential?: Exponential.AsObject;
    slowTail?: SlowTail.AsObject;
  };

  export enum DistributionCase {
    DISTRIBUTION_NOT_SET = 0,
    FIXED_MS = 1,
    UNIFORM = 2,
    EXPONENTIAL = 3,
    SLOW_TAIL = 4,
  }
}

export class Uniform extends jspb.Message {
  getMinMs(): number;
  setMinMs(value: number): Uniform;

  getMaxMs(): number;
  setMaxMs(value: number): Uniform;

  serializeBinary(): Uint8Array;
  toObject(includeInstance?: boolean): Uniform.AsObject;
  static toObject(includeInstance: boolean, msg: Uniform): Uniform.AsObject;
  static serializeBinaryToWriter(message: Uniform, writer: jspb.BinaryWriter): void;
  static deserializeBinary(bytes: Uint8Array): Uniform;
  static deserializeBinaryFromReader(message: Uniform, reader: jspb.BinaryReader): Uniform;
}

export namespace Uniform {
  export type AsObject = {
    minMs: number;
    maxMs: number;
  };
}

export class Exponential extends jspb.Message {
  getMeanMs(): number;
  setMeanMs(value: number): Exponential;

  getMaxMs(): number;
  setMaxMs(value: number): Exponential;

  serializeBinary(): Uint8Array;
  toObject(includeInstance?: boolean): Exponential.AsObject;
  static toObject(includeInstance: boolean, msg: Exponential): Exponential.AsObject;
  static serializeBinaryToWriter(message: Exponential, writer: jspb.BinaryWriter): void;
  static deserializeBinary(bytes: Uint8Array): Exponential;
  static deserializeBinaryFromReader(message: Exponential, reader: jspb.BinaryReader): Exponential;
}

export namespace Exponential {
  export type AsObject = {
    meanMs: number;
    maxMs: number;
  };
}

export class SlowTail extends jspb.Message {
  getUsual(): Delay | undefined;
  setUsual(value?: Delay): SlowTail;
  hasUsual(): boolean;
  clearUsual(): SlowTail;

  getSlow(): Delay | undefined;
  setSlow(value?: Delay): SlowTail;
  hasSlow(): boolean;
  clearSlow(): SlowTail;

  getProbability(): number;
  setProbability(value: number): SlowTail;

  serializeBinary(): Uint8Array;
  toObject(includeInstance?: boolean): SlowTail.AsObject;
  static toObject(includeInstance: boolean, msg: SlowTail): SlowTail.AsObject;
  static serializeBinaryToWriter(message: SlowTail, writer: jspb.BinaryWriter): void;
  static deserializeBinary(bytes: Uint8Array): SlowTail;
  static deserializeBinaryFromReader(message: SlowTail, reader: jspb.BinaryReader): SlowTail;
}

export namespace SlowTail {
  export type AsObject = {
    usual?: Delay.AsObject;
    slow?: Delay.AsObject;
    probability: number;
  };
}

export class Reply extends jspb.Message {
  getAttempt(): number;
  setAttempt(value: number): Reply;

  getIndex(): number;
  setIndex(value: number): Reply;

  getPayload(): Uint8Array | string;
  getPayload_asU8(): Uint8Array;
  getPayload_asB64(): string;
  setPayload(value: Uint8Array | string): Reply;

  getReceived(): number;
  setReceived(value: number): Reply;

  getRequestHeaderList(): Array<Metadata>;
  setRequestHeaderList(value: Array<Metadata>): Reply;
  clearRequestHeaderList(): Reply;
  addRequestHeader(value?: Metadata, index?: number): Metadata;

  serializeBinary(): Uint8Array;
  toObject(includeInstance?: boolean): Reply.AsObject;
  static toObject(includeInstance: boolean, msg: Reply): Reply.AsObject;
  static serializeBinaryToWriter(message: Reply, writer: jspb.BinaryWriter): void;
  static deserializeBinary(bytes: Uint8Array): Reply;
  static deserializeBinaryFromReader(message: Reply, reader: jspb.BinaryReader): Reply;
}

export namespace Reply {
  export type AsObject = {
    attempt: number;
    index: number;
    payload: Uint8Array | string;
    received: number;
    requestHeaderList: Array<Metadata.AsObject>;
  };
}

export class ReportRequest extends jspb.Message {
  getCallId(): string;
  setCallId(value: string): ReportRequest;

  getWaitForStarted(): number;
  setWaitForStarted(value: number): ReportRequest;

  getWaitForEnded(): number;
  setWaitForEnded(value: number): ReportRequest;

  serializeBinary(): Uint8Array;
  toObject(includeInstance?: boolean): ReportRequest.AsObject;
  static toObject(includeInstance: boolean, msg: ReportRequest): ReportRequest.AsObject;
  static serializeBinaryToWriter(message: ReportRequest, writer: jspb.BinaryWriter): void;
  static deserializeBinary(bytes: Uint8Array): ReportRequest;
  static deserializeBinaryFromReader(message: ReportRequest, reader: jspb.BinaryReader): ReportRequest;
}

export namespace ReportRequest {
  export type AsObject = {
    callId: string;
    waitForStarted: number;
    waitForEnded: number;
  };
}

export class ReportReply extends jspb.Message {
  getStarted(): number;
  setStarted(value: number): ReportReply;

  getEnded(): number;
  setEnded(value: number): ReportReply;

  getExecutionsList(): Array<Execution>;
  setExecutionsList(value: Array<Execution>): ReportReply;
  clearExecutionsList(): ReportReply;
  addExecutions(value?: Execution, index?: number): Execution;

  serializeBinary(): Uint8Array;
  toObject(includeInstance?: boolean): ReportReply.AsObject;
  static toObject(includeInstance: boolean, msg: ReportReply): ReportReply.AsObject;
  static serializeBinaryToWriter(message: ReportReply, writer: jspb.BinaryWriter): void;
  static deserializeBinary(bytes: Uint8Array): ReportReply;
  static deserializeBinaryFromReader(message: ReportReply, reader: jspb.BinaryReader): ReportReply;
}

export namespace ReportReply {
  export type AsObject = {
    started: number;
    ended: number;
    executionsList: Array<Execution.AsObject>;
  };
}

export class Execution extends jspb.Message {
  getAttempt(): number;
  setAttempt(value: number): Execution;

  getMethod(): string;
  setMethod(value: string): Execution;

  getStartedUs(): number;
  setStartedUs(value: number): Execution;

  getEndedUs(): number;
  setEndedUs(value: number): Execution;

  getEnding(): Ending;
  setEnding(value: Ending): Execution;

  getCode(): number;
  setCode(value: number): Execution;

  getPreviousAttempts(): string;
  setPreviousAttempts(value: string): Execution;

  getTimeout(): string;
  setTimeout(value: string): Execution;

  getReceived(): number;
  setReceived(value: number): Execution;

  serializeBinary(): Uint8Array;
  toObject(includeInstance?: boolean): Execution.AsObject;
  static toObject(includeInstance: boolean, msg: Execution): Execution.AsObject;
  static serializeBinaryToWriter(message: Execution, writer: jspb.BinaryWriter): void;
  static deserializeBinary(bytes: Uint8Array): Execution;
  static deserializeBinaryFromReader(message: Execution, reader: jspb.BinaryReader): Execution;
}

export namespace Execution {
  export type AsObject = {
    attempt: number;
    method: string;
    startedUs: number;
    endedUs: number;
    ending: Ending;
    code: number;
    previousAttempts: string;
    timeout: string;
    received: number;
  };
}

export enum Ending {
  ENDING_RUNNING = 0,
  ENDING_PLAYED = 1,
  ENDING_CANCELLED = 2,
  ENDING_DEADLINE = 3,
}
