import { BoundedStream } from "#shared/stream/bounded-stream.ts";
import { mapStream, type MapSteps } from "#shared/stream/map-stream.ts";

function setup(steps: Partial<MapSteps<number, string>> = {}) {
  const sourceEnds: string[] = [];
  const source = new BoundedStream<number>({ limit: 100, onEnd: () => sourceEnds.push("source") });
  const stream = mapStream(source, {
    map: (value) => Promise.resolve(`<${value}>`),
    failed: (cause) => `failed: ${(cause as Error).message}`,
    ended: () => sourceEnds.push("told"),
    ...steps,
  });
  return { source, stream, sourceEnds };
}

describe("mapStream", () => {
  it("gives each value as its step made it, in order, and ends with its source", async () => {
    const { source, stream, sourceEnds } = setup();
    [1, 2, 3].forEach((value) => source.push(value));
    source.end();
    expect(await Array.fromAsync(stream)).toEqual(["<1>", "<2>", "<3>"]);
    expect(sourceEnds).toEqual(["source", "told"]);
  });

  it("ends at once on return, with its source, also while a next waits for a generator that idles", async () => {
    async function* idle(): AsyncGenerator<number> {
      yield await new Promise<number>(() => {});
    }
    let ends = 0;
    const stream = mapStream(idle(), { map: (value) => Promise.resolve(value), failed: () => -1, ended: () => ends++ });
    const pending = stream.next();
    await stream.return!();
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(ends).toBe(1);
    const bounded = setup();
    await bounded.stream.return!();
    expect(bounded.sourceEnds).toEqual(["source", "told"]);
  });

  it("makes a failure of a step its last value, and ends its source", async () => {
    const { source, stream, sourceEnds } = setup({ map: () => Promise.reject(new Error("step")) });
    source.push(1);
    source.push(2);
    expect(await Array.fromAsync(stream)).toEqual(["failed: step"]);
    expect(sourceEnds).toEqual(["source", "told"]);
  });

  it("makes a failure of its source its last value", async () => {
    const source = { next: () => Promise.reject<IteratorResult<number>>(new Error("gone")) };
    const stream = mapStream(source, { map: (value) => Promise.resolve(String(value)), failed: (cause) => (cause as Error).message });
    expect(await Array.fromAsync(stream)).toEqual(["gone"]);
  });

  it("says nothing of a value whose step was under way when it was ended", async () => {
    const gate = Promise.withResolvers<string>();
    const { source, stream } = setup({ map: () => gate.promise });
    source.push(1);
    const pending = stream.next();
    await Promise.resolve();
    await stream.return!();
    gate.resolve("late");
    expect(await pending).toEqual({ done: true, value: undefined });
  });
});
