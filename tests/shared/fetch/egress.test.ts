import { createEgressPolicy } from "#shared/fetch/egress.ts";

// Pure judgements: nothing here is resolved or connected to.
const allows = (allow: string[], address: string, host = address, port = 80) =>
  createEgressPolicy({ allow }).allows({ host, port, address });

describe("createEgressPolicy", () => {
  it.each([
    ["loopback", "127.0.0.1"],
    ["the whole loopback net", "127.8.9.10"],
    ["this host", "0.0.0.0"],
    ["private 10/8", "10.0.0.1"],
    ["private 172.16/12", "172.20.1.1"],
    ["private 192.168/16", "192.168.1.1"],
    ["carrier-grade NAT", "100.64.0.1"],
    ["link-local, where metadata services live", "169.254.169.254"],
    ["Azure's platform service", "168.63.129.16"],
    ["Oracle's metadata service", "192.0.0.192"],
    ["multicast", "224.0.0.1"],
    ["broadcast", "255.255.255.255"],
    ["benchmark nets", "198.18.0.1"],
    ["IPv6 loopback", "::1"],
    ["IPv6 loopback in brackets", "[::1]"],
    ["the unspecified IPv6 address", "::"],
    ["unique local IPv6", "fd00:ec2::254"],
    ["link-local IPv6 with a zone", "fe80::1%eth0"],
    ["site-local IPv6", "fec0::1"],
    ["IPv4-mapped loopback", "::ffff:127.0.0.1"],
    ["IPv4-mapped loopback in hexadecimal", "::ffff:7f00:1"],
    ["IPv4-compatible loopback", "::127.0.0.1"],
    ["NAT64", "64:ff9b::7f00:1"],
    ["local NAT64", "64:ff9b:1::7f00:1"],
    ["6to4", "2002:7f00:1::"],
    ["Teredo", "2001::1"],
    ["what is no address", "localhost"],
  ])("denies %s", (_name, address) => {
    expect(allows([], address)).toBe(false);
  });

  it.each(["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8"])("allows the public address %s", (address) => {
    expect(allows([], address)).toBe(true);
  });

  it("allows an entry's address at its port only", () => {
    expect(allows(["127.0.0.1:9000"], "127.0.0.1", "any.example", 9000)).toBe(true);
    expect(allows(["127.0.0.1:9000"], "127.0.0.1", "127.0.0.1", 9001)).toBe(false);
    expect(allows(["127.0.0.1:9000"], "127.0.0.2", "127.0.0.2", 9000)).toBe(false);
  });

  it("allows whatever an entry's name resolves to, and no other name", () => {
    expect(allows(["host.docker.internal:11434"], "172.17.0.1", "HOST.docker.internal", 11434)).toBe(true);
    expect(allows(["host.docker.internal:11434"], "172.17.0.1", "evil.example", 11434)).toBe(false);
  });

  it("reads IPv6 entries in brackets, and addresses in any spelling", () => {
    expect(allows(["[::1]:9000"], "0:0:0:0:0:0:0:1", "[::1]", 9000)).toBe(true);
    expect(allows(["127.0.0.1:9000"], "::ffff:127.0.0.1", "x.example", 9000)).toBe(true);
  });

  it.each(["127.0.0.1", "localhost:", ":80", "http://x:80", "a b:80"])("refuses the entry %j", (entry) => {
    expect(() => createEgressPolicy({ allow: [entry] })).toThrow(/is not host:port/);
  });

  it("denies exactly the ranges it is given instead of its own", () => {
    const policy = createEgressPolicy({ allow: [], denied: ["127.0.0.2/32"] });
    expect(policy.allows({ host: "127.0.0.1", port: 80, address: "127.0.0.1" })).toBe(true);
    expect(policy.allows({ host: "127.0.0.2", port: 80, address: "::ffff:127.0.0.2" })).toBe(false);
  });
});
