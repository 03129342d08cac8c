import { TenantRecords } from "../../subgraphs/model/tenant-records.ts";

describe("what is remembered for tenants", () => {
  it("is so much of each, and where all are too many that of whoever has most, set longest ago", () => {
    const records = new TenantRecords<number>({ each: 3, all: 5 });
    const set = (tenantId: string, ...keys: string[]) => keys.forEach((key, value) => records.set({ tenantId, key }, value));
    const known = (tenantId: string) => [..."abcde"].filter((key) => records.get({ tenantId, key }) !== undefined).join("");
    set("one", "a", "b", "c", "a", "d");
    expect(known("one")).toBe("acd");
    set("two", "a", "b");
    set("three", "a");
    expect([known("one"), known("two"), known("three")]).toEqual(["ad", "ab", "a"]);
    // As many as the others have: it gives up its own.
    set("three", "b");
    expect([known("one"), known("two"), known("three")]).toEqual(["ad", "ab", "b"]);
    records.delete({ tenantId: "two", key: "a" });
    set("three", "c");
    expect([known("one"), known("two"), known("three")]).toEqual(["ad", "b", "bc"]);
  });
});
