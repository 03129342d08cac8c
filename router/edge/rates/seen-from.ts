/**
 * Where requests come from. A proxy in front says so in X-Forwarded-For and X-Forwarded-Proto, and anybody else can say the same: these headers are
 * read only of connections from AGENT_PLATFORM_TRUSTED_PROXIES. `proxy-addr`, which express uses, does this with an ipaddr.js of its own; what is left
 * of it beside that library are these few lines.
 */
import type { IncomingMessage } from "node:http";
import { networkOf, parseAddress, rangeCheck } from "#shared/addresses.ts";

/** Where a request comes from. */
export interface SeenFrom {
  /** The client's address, null once its connection is gone. */
  address: string | null;
  /** Whether a trusted proxy says that the client speaks TLS. */
  isSecure: boolean;
}

/** Of those that came through a trusted proxy. */
const noted = new WeakMap<IncomingMessage, SeenFrom>();

/** Finds out where requests come from, as they come in; whoever asks later, asks {@link seenFrom}. */
export function clientFinder(trustedProxies: readonly string[]): (request: IncomingMessage) => SeenFrom {
  const isTrusted = rangeCheck(trustedProxies);
  const trusts = (address: string | null) => {
    const parsed = address === null ? null : parseAddress(address);
    return parsed !== null && isTrusted(parsed);
  };
  return (request) => {
    const peer = peerOf(request);
    if (trustedProxies.length === 0 || !trusts(peer)) return { address: peer, isSecure: false };
    const seen = { address: forwardedFor(request, peer, trusts), isSecure: protocolOf(request) === "https" };
    noted.set(request, seen);
    return seen;
  };
}

/** Where a request comes from, as it was found out at the door; of one that nobody looked at, its connection. */
export function seenFrom(request: IncomingMessage): SeenFrom {
  return noted.get(request) ?? { address: peerOf(request), isSecure: false };
}

/** Who is counted for a request: its address, or the /64 of an IPv6 address. */
export function countedAs(request: IncomingMessage): string {
  return networkOf(seenFrom(request).address ?? "unknown");
}

/** The nearest address that no trusted proxy has: each proxy adds the one that it was asked from, and what stands before that anybody may have written. */
function forwardedFor(request: IncomingMessage, peer: string | null, trusts: (address: string | null) => boolean): string | null {
  const header = request.headers["x-forwarded-for"];
  const hops = (Array.isArray(header) ? header.join(",") : (header ?? "")).split(",").reverse();
  let nearest = peer;
  for (const hop of hops) {
    const address = parseAddress(withoutPort(hop.trim()));
    if (!trusts(nearest) || address === null) break;
    nearest = address.toString();
  }
  return nearest;
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const withoutPort = (hop: string) => hop.replace(/^(\[.*\]|[\d.]+):\d+$/, "$1");

function protocolOf({ headers }: IncomingMessage): string | undefined {
  const header = headers["x-forwarded-proto"];
  return (Array.isArray(header) ? header[0] : header)?.split(",", 1)[0]?.trim().toLowerCase();
}

function peerOf(request: IncomingMessage): string | null {
  // Null once a request was destroyed, whatever its type says.
  const socket = request.socket as IncomingMessage["socket"] | null;
  return socket?.remoteAddress ?? null;
}
