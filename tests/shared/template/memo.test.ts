import { memoBySource } from "#shared/template/memo.ts";

describe("memoBySource", () => {
  it("compiles a source once and forgets what was not used for long", () => {
    const compiled: string[] = [];
    const memo = memoBySource((source) => ({ length: compiled.push(source) }), 2_000);
    expect(memo("a")).toBe(memo("a"));
    for (let i = 0; i < 100; i += 1) {
      memo(`source ${i}`);
      memo("a");
    }
    expect(compiled.filter((source) => source === "a")).toHaveLength(1);
    memo("source 0");
    expect(compiled.filter((source) => source === "source 0")).toHaveLength(2);
  });
});
