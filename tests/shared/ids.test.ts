import { newId } from "#shared/ids.ts";

describe("ids", () => {
  it("are uuids of version 7, each once, in the order in which a process makes them", () => {
    const ids = Array.from({ length: 20_000 }, newId);
    expect(ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.toSorted()).toEqual(ids);
  });

  it("are random in what is no time and no count: no two end alike", () => {
    const ends = Array.from({ length: 20_000 }, () => newId().slice(-8));
    // 20,000 of 4 billion: about 0.05 pairs are alike by chance.
    expect(ends.length - new Set(ends).size).toBeLessThan(5);
  });
});
