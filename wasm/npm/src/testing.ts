// The entry "hedgerow/testing": a server within the test, and a clock whose time passes in no time.
export { TestClock } from "./testing/clock.js";
export type { TestRequest } from "./testing/request.js";
export { createTestServer, type TestServer, type TestServerOptions } from "./testing/server.js";
export {
  type Answer,
  always,
  type Cut,
  cut,
  type Ending,
  type Failure,
  type FailureOptions,
  fail,
  type Hang,
  type HttpError,
  hang,
  httpError,
  type Later,
  later,
  type NetworkError,
  networkError,
  type Part,
  type Repeated,
  type Reply,
  type ReplyOptions,
  reply,
  type Step,
  times,
} from "./testing/steps.js";
