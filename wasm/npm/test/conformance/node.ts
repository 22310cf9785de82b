// The package under Node as a client of connectconformance. Node's own fetch takes no certificates and speaks no HTTP/2; undici's does.
import type { FetchLike } from "hedgerow";
import { Agent, fetch, type RequestInit } from "undici";
import type { ClientCompatRequest } from "../gen/connectrpc/conformance/v1/client_compat_pb.js";
import { HTTPVersion } from "../gen/connectrpc/conformance/v1/config_pb.js";
import { answer } from "./case.js";
import { answerAll } from "./pipe.js";

const agents = new Map<string, Agent>();

await answerAll((request) => answer(request, { fetch: fetchThrough(agentOf(request)) }));
await Promise.all([...agents.values()].map((agent) => agent.destroy()));

/** One for each server, which keeps its connections. */
function agentOf({ host, port, httpVersion, serverTlsCert }: ClientCompatRequest): Agent {
  const server = `${host}:${port}`;
  let agent = agents.get(server);
  if (!agent) {
    const ca = Buffer.from(serverTlsCert).toString();
    agent = new Agent({ allowH2: httpVersion === HTTPVersion.HTTP_VERSION_2, connect: ca ? { ca } : {} });
    agents.set(server, agent);
  }
  return agent;
}

/** undici's types of requests and responses are its own. */
function fetchThrough(dispatcher: Agent): FetchLike {
  return (url, init) => fetch(url, { ...(init as RequestInit), dispatcher }) as unknown as Promise<Response>;
}
