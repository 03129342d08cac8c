import fc from "fast-check";
import { LruCache } from "#shared/lru-cache.ts";

describe("LruCache", () => {
  it("forgets what was used longest ago, by reading or writing", () => {
    const cache = new LruCache<number>({ entries: 2 });
    cache.set("a", 1);
    cache.set("b", 2);
    cache.get("a");
    cache.set("c", 3);
    expect(["a", "b", "c"].map((key) => cache.get(key))).toEqual([1, undefined, 3]);
    cache.set("a", 4);
    cache.set("d", 5);
    expect(["a", "c", "d"].map((key) => cache.get(key))).toEqual([4, undefined, 5]);
    cache.delete("a");
    expect([cache.get("a"), cache.size]).toEqual([undefined, 1]);
  });

  it("makes room for an entry by its bytes, and keeps none that would need most of them", () => {
    const cache = new LruCache<string>({ entries: 100, bytes: 100 });
    for (const key of ["a", "b", "c", "d"]) cache.set(key, key, 25);
    cache.set("e", "e", 10);
    expect(["a", "b", "e"].map((key) => cache.get(key))).toEqual([undefined, "b", "e"]);
    cache.set("b", "larger", 26);
    expect([cache.get("b"), cache.size]).toEqual([undefined, 3]);
  });

  it("is never above its limits, whatever is done to it", () => {
    const step = fc.record({ key: fc.constantFrom(..."abcdefgh"), bytes: fc.nat(30), kind: fc.constantFrom("set", "get", "delete") });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const cache = new LruCache<number>({ entries: 5, bytes: 100 });
        for (const { key, bytes, kind } of steps) {
          if (kind === "set") cache.set(key, bytes, bytes);
          else if (kind === "get") cache.get(key);
          else cache.delete(key);
          const held = [..."abcdefgh"].flatMap((each) => cache.get(each) ?? []);
          expect(held).toHaveLength(cache.size);
          expect(cache.size).toBeLessThanOrEqual(5);
          expect(held.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(100);
        }
      }),
    );
  });
});
