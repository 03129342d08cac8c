import fc from "fast-check";
import { BoundedStream } from "#shared/stream/bounded-stream.ts";

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

  it("holds no more bytes than it may, but for one value that is larger, and counts them whoever pulls", async () => {
    const steps = fc.array(fc.oneof(fc.constant("pull" as const), fc.integer({ min: 0, max: 150 })), { maxLength: 1_000 });
    await fc.assert(
      fc.asyncProperty(steps, async (some) => {
        const stream = new BoundedStream<number>({ limit: 300, maxBytes: 100 });
        const held: number[] = [];
        for (const bytes of some) {
          if (bytes === "pull") {
            // Never one that waits: what is pushed then is not held at all.
            if (held.length > 0) expect((await stream.next()).value).toBe(held.shift());
            continue;
          }
          const before = held.reduce((sum, size) => sum + size, 0);
          const isTaken = stream.push(bytes, bytes);
          expect(isTaken).toBe(held.length < 300 && (held.length === 0 || before + bytes <= 100));
          if (isTaken) held.push(bytes);
          expect(stream.bytes).toBe(held.reduce((sum, size) => sum + size, 0));
        }
        await stream.return();
        expect(stream.bytes).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it("gives any number of bytes to one who waits for them, and its last value whatever it holds", async () => {
    const stream = new BoundedStream<string>({ limit: 10, maxBytes: 100 });
    const waiting = stream.next();
    expect(stream.push("large", 1_000)).toBe(true);
    expect([(await waiting).value, stream.bytes]).toEqual(["large", 0]);
    expect([stream.push("full", 100), stream.push("more", 1)]).toEqual([true, false]);
    stream.end("last");
    expect(await Array.fromAsync(stream)).toEqual(["full", "last"]);
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
