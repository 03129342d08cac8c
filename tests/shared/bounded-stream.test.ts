import fc from "fast-check";
import { BoundedStream } from "#shared/bounded-stream.ts";

describe("a bounded stream", () => {
  it("gives everything that it took, once and in order, however pushes and pulls alternate", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 1_000 }), fc.integer({ min: 1, max: 300 }), async (steps, limit) => {
        const stream = new BoundedStream<number>({ limit });
        const taken: number[] = [];
        const pulled: Promise<IteratorResult<number>>[] = [];
        steps.forEach((isPush, i) => {
          if (!isPush) pulled.push(stream.next());
          else if (stream.push(i)) taken.push(i);
          expect(stream.size).toBeLessThanOrEqual(limit);
        });
        stream.end(-1);
        const results = [...(await Promise.all(pulled)), ...(await Array.fromAsync(stream)).map((value) => ({ value, done: false }))];
        expect(results.filter(({ done }) => done !== true).map(({ value }) => value as number)).toEqual([...taken, -1]);
      }),
      { numRuns: 50 },
    );
  });

  it("takes nothing when it is full or has ended", () => {
    const stream = new BoundedStream<number>({ limit: 1 });
    expect([stream.push(1), stream.push(2)]).toEqual([true, false]);
    stream.end();
    expect(stream.push(3)).toBe(false);
  });

  it("ends at once upon return(), also while next() is pending, and says so once", async () => {
    let ends = 0;
    const stream = new BoundedStream<number>({ limit: 10, onEnd: () => ends++ });
    const pending = [stream.next(), stream.next()];
    await stream.return();
    stream.end();
    expect(await Promise.all(pending)).toEqual(Array.from({ length: 2 }, () => ({ done: true, value: undefined })));
    expect([await stream.next(), ends]).toEqual([{ done: true, value: undefined }, 1]);
  });
});
