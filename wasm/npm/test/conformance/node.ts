// The package under Node as a client of connectconformance. It uses undici's fetch, because Node's own neither accepts self-signed
// certificates nor speaks HTTP/2.
//
//   node node.mjs             the channel itself
//   node node.mjs --connect   a client of connect-es over hedgerow/connect

import type { ChannelOptions, FetchLike } from "hedgerow";
import { Agent, fetch, type RequestInit } from "undici";
import type { ClientCompatRequest, ClientCompatResponse } from "../gen/connectrpc/conformance/v1/client_compat_pb.js";
import { HTTPVersion } from "../gen/connectrpc/conformance/v1/config_pb.js";
import { answer } from "./case.js";
import { overConnect } from "./connect.js";
import { answerAll } from "./pipe.js";

const agents = new Map<string, Agent>();

await answerAll(process.argv.includes("--connect") ? byConnect : (request) => answer(request, network(request)));
await Promise.all([...agents.values()].map((agent) => agent.destroy()));

/** The limit for messages is an option of the channel here, because connect has none for a call. */
function byConnect(request: ClientCompatRequest): Promise<ClientCompatResponse> {
  const maxReceiveMessageBytes = request.messageReceiveLimit || undefined;
  return answer(request, { ...network(request), maxReceiveMessageBytes }, overConnect);
}

function network(request: ClientCompatRequest): Pick<ChannelOptions, "fetch"> {
  return { fetch: fetchThrough(agentOf(request)) };
}

/** There is one for each server, so that connections are reused. */
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
