import { isAddressRange, networkOf, parseAddress, rangeCheck } from "#shared/addresses.ts";

describe("an address", () => {
  it.each([
    ["127.0.0.1", "127.0.0.1"],
    ["::ffff:127.0.0.1", "127.0.0.1"],
    ["::ffff:7f00:1", "127.0.0.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["[2001:db8:1:2::9]", "2001:db8:1:2::/64"],
    ["fe80::1%eth0", "fe80::/64"],
    ["::1", "::/64"],
    ["unknown", "unknown"],
  ])("%s is one of the network %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it.each(["", "localhost", "1.2.3", "1.2.3.4.5", "1.2.3.256", ":::", "10.0.0.0/8"])("is not %j", (text) => {
    if (text !== "1.2.3") expect(parseAddress(text)).toBeNull();
    expect(isAddressRange(text)).toBe(text.includes("/"));
  });

  it.each([
    [["10.0.0.0/8"], "10.255.0.1", true],
    [["10.0.0.0/8"], "11.0.0.1", false],
    [["10.0.0.0/8"], "::ffff:10.0.0.1", true],
    [["192.0.2.1"], "192.0.2.1", true],
    [["192.0.2.1"], "192.0.2.2", false],
    [["::1", "2001:db8::/32"], "2001:db8:9::1", true],
    [["::1"], "127.0.0.1", false],
    [[], "127.0.0.1", false],
  ])("in %j: %s is %s", (ranges, address, isIn) => {
    expect(rangeCheck(ranges)(parseAddress(address)!)).toBe(isIn);
  });
});
