/**
 * An undici agent that connects only where a policy allows. What is judged is the address connected to, not the name: names are checked
 * as they resolve (the socket gets the checked addresses, so a second DNS answer cannot differ), literal addresses, for which Node never
 * asks `lookup`, before connecting, and every socket once more when it is open.
 */
import { lookup as dnsLookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { Agent, buildConnector, type Client } from "undici";
import { isLiteralAddress, type EgressPolicy } from "./egress.ts";
import { watchedClient, watchedPool } from "./kept-connection.ts";

/** Thrown inside undici where the policy denies an address; recognised by {@link isEgressRefusal}. */
class EgressRefusal extends Error {
  override readonly name = "EgressRefusal";
}

/** Whether a failed request, or a cause of its failure, is the policy's refusal. */
export function isEgressRefusal(error: unknown): boolean {
  if (error instanceof EgressRefusal) return true;
  const { cause, errors } = (error ?? {}) as { cause?: unknown; errors?: unknown };
  return (cause !== undefined && isEgressRefusal(cause)) || (Array.isArray(errors) && errors.some(isEgressRefusal));
}

const connectMs = 5_000;
/** Of an answer's headers together. */
export const maxHeaderBytes = 64 * 1024;
// Their deadlines are off: the caller has one for the whole.
const connectionOptions = { headersTimeout: 0, bodyTimeout: 0, pipelining: 1, maxHeaderSize: maxHeaderBytes };
const agents = new WeakMap<EgressPolicy, Agent>();

/** The policy's agent, with its own connection pools. */
export function guardedAgent(policy: EgressPolicy): Agent {
  const existing = agents.get(policy);
  if (existing) return existing;
  const connect = guardedConnector(policy);
  const agent = new Agent({ ...connectionOptions, factory: (origin, options) => watchedPool(origin, options, connect) });
  agents.set(policy, agent);
  return agent;
}

/** A client whose connection is a new one and serves one request; close it when the request is made. */
export function freshClient(policy: EgressPolicy, origin: string): Client {
  return watchedClient(origin, connectionOptions, guardedConnector(policy));
}

function guardedConnector(policy: EgressPolicy): buildConnector.connector {
  return (options, callback) => {
    const host = options.hostname;
    const port = Number(options.port || (options.protocol === "https:" ? 443 : 80));
    const allows = (address: string) => policy.allows({ host, port, address });
    if (isLiteralAddress(host) && !allows(host)) return callback(new EgressRefusal(host), null);
    const connect = buildConnector({ timeout: connectMs, lookup: guardedLookup(allows) });
    connect(options, (...[error, socket]) => {
      if (error) return callback(error, null);
      if (socket.remoteAddress !== undefined && allows(socket.remoteAddress)) return callback(null, socket);
      socket.destroy();
      callback(new EgressRefusal(host), null);
    });
  };
}

function guardedLookup(allows: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const addresses = found.filter(({ address }) => allows(address));
      const [first] = addresses;
      if (!first) return callback(new EgressRefusal(hostname), []);
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
