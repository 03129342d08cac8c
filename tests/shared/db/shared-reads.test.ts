import { SharedReads } from "#shared/db/shared-reads.ts";

/** Reads that are sent, and answered, when the test says so. */
function scriptedReads(isOwn: (cause: unknown) => boolean = () => false) {
  const reads = new SharedReads(isOwn);
  const asked: { sends: () => void; answer: (rows: object[]) => void; fail: (cause: Error) => void }[] = [];
  const ask = (key: string) =>
    reads.ask(key, (sends) => {
      const { promise, resolve: answer, reject: fail } = Promise.withResolvers<object[]>();
      asked.push({ sends, answer, fail });
      return promise;
    });
  return { ask, asked };
}

describe("a shared read", () => {
  it("answers all who ask for the same before it is sent, and nobody who asks later or for something else", async () => {
    const { ask, asked } = scriptedReads();
    const first = [ask("a"), ask("a"), ask("b")];
    expect(asked).toHaveLength(2);
    asked[0]!.sends();
    const late = ask("a");
    expect(asked).toHaveLength(3);
    asked[0]!.answer([{ n: 1 }]);
    asked[1]!.answer([{ n: 2 }]);
    asked[2]!.answer([{ n: 3 }]);
    expect(await Promise.all([...first, late])).toEqual([[{ n: 1 }], [{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
    void ask("a");
    expect(asked).toHaveLength(4);
  });

  it("fails for all who wait for it, but for what is its first asker's alone: then the others ask once more, together", async () => {
    const { ask, asked } = scriptedReads((cause) => (cause as Error).message === "own");
    const [first, ...others] = [ask("a"), ask("a"), ask("a")].map((one) => one.catch((cause: unknown) => (cause as Error).message));
    asked[0]!.fail(new Error("own"));
    expect(await first).toBe("own");
    expect(asked).toHaveLength(2);
    asked[1]!.fail(new Error("gone"));
    expect(await Promise.all(others)).toEqual(["gone", "gone"]);
    expect(asked).toHaveLength(2);
  });
});
