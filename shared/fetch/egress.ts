/**
 * Which addresses the platform may connect to for a stranger: workflow authors, tool owners, providers of tenants.
 * Pure: it judges an address, the caller resolves and connects. The public internet is allowed; everything private, local or special
 * is denied but for the `host:port` pairs that the operator names (AGENT_PLATFORM_EGRESS_ALLOW).
 */
import ipaddr from "ipaddr.js";
import { parseAddress, rangeCheck, withoutBrackets, type Address } from "#shared/addresses.ts";

/** Where a connection goes: the host as the URL names it, and the address that it turned out to be. */
interface EgressTarget {
  host: string;
  port: number;
  address: string;
}

/** Judges targets; made by {@link createEgressPolicy}. */
export interface EgressPolicy {
  allows(target: EgressTarget): boolean;
}

// Azure's platform service lies in public space but answers only machines inside: it hands out their secrets.
const specialAddresses = ["168.63.129.16/32"];

/**
 * Makes a policy.
 *
 * @param options.allow  `host:port` entries, exact: a name allows whatever it resolves to, an address allows every name of it. IPv6 in brackets.
 * @param options.denied CIDR ranges to deny instead of "all that is not public". For tests, which stay on loopback.
 * @throws Error for an entry that is not `host:port`, or a range that is not CIDR
 */
export function createEgressPolicy(options: { allow: readonly string[]; denied?: readonly string[] }): EgressPolicy {
  const allowed = new Set(options.allow.map(normalEntry));
  const denied = options.denied ? rangeCheck(options.denied) : isNotPublic;
  return {
    allows({ host, port, address }) {
      const parsed = parseAddress(address);
      if (parsed === null) return false;
      if (allowed.has(`${normalHost(host)}:${port}`) || allowed.has(`${parsed.toString()}:${port}`)) return true;
      return !denied(parsed);
    },
  };
}

/** True for a literal IP address, with or without the brackets that URLs put around IPv6. */
export function isLiteralAddress(host: string): boolean {
  return ipaddr.isValid(withoutBrackets(host));
}

const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");
const isSpecial = rangeCheck(specialAddresses);

function isNotPublic(address: Address): boolean {
  if (address.range() !== "unicast" || isSpecial(address)) return true;
  // ipaddr.js calls what it has no name for "unicast"; IPv4-compatible and site-local IPv6 addresses are among that.
  return address instanceof ipaddr.IPv6 && !address.match(globalUnicast);
}

/** Whether an entry of `allow` can be read. */
export function isEgressEntry(entry: string): boolean {
  return partsOfEntry(entry) !== undefined;
}

function partsOfEntry(entry: string): { host: string; port: string } | undefined {
  const [, host, port] = /^(\[[0-9a-f:.]+\]|[^\s:/@[\]]+):(\d{1,5})$/i.exec(entry.trim()) ?? [];
  return host && port && URL.canParse(`http://${host}`) ? { host, port } : undefined;
}

function normalEntry(entry: string): string {
  const parts = partsOfEntry(entry);
  if (parts === undefined) throw new Error(`Egress entry ${JSON.stringify(entry)} is not host:port, such as 127.0.0.1:9000.`);
  const { host, port } = parts;
  return `${normalHost(new URL(`http://${host}`).hostname)}:${Number(port)}`;
}

function normalHost(host: string): string {
  const bare = withoutBrackets(host).toLowerCase();
  return parseAddress(bare)?.toString() ?? bare;
}
