/** IP addresses as texts that strangers send: read, compared, and told apart by who may hold them. */
import ipaddr from "ipaddr.js";

/** An address; IPv4 inside IPv6 is IPv4. */
export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** IPv4 inside IPv6 (`::ffff:127.0.0.1`) becomes IPv4; brackets and a zone (`%eth0`) are dropped. null: no address. */
export function parseAddress(text: string): Address | null {
  const bare = withoutBrackets(text).split("%")[0] ?? "";
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : null;
}

/** `[::1]` as `::1`. */
export function withoutBrackets(text: string): string {
  return text.replace(/^\[(.*)\]$/, "$1");
}

/** Whether a text is an address, or a range in CIDR notation. */
export function isAddressRange(text: string): boolean {
  return ipaddr.isValidCIDR(text) || (!text.includes("/") && isWritten(text));
}

/** Tells the addresses that are in one of the ranges, each an address or in CIDR notation. @throws Error for what is neither */
export function rangeCheck(ranges: readonly string[]): (address: Address) => boolean {
  const parsed = ranges.map((range) => {
    if (range.includes("/")) return ipaddr.parseCIDR(range);
    const address = ipaddr.process(range);
    return [address, address.kind() === "ipv4" ? 32 : 128] as const;
  });
  return (address) => parsed.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
}

/** An address as people write it: four decimal parts, or IPv6. Libraries read `1` and `0x7f.1`, too. */
function isWritten(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(":") && ipaddr.IPv6.isValid(text));
}

/** The least that one holder has of addresses: of IPv4 each, of IPv6 the /64, within which a host takes as many as it likes. */
export function networkOf(text: string): string {
  const address = parseAddress(text);
  if (address === null || address.kind() === "ipv4") return address?.toString() ?? text;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/64`).toString()}/64`;
}
