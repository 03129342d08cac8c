import { PullStream, type PullSource } from "#shared/stream/pull-stream.ts";

/** A store that grows, and a hint for each time it did. */
function source(options: { pollMs?: number } = {}) {
  const items: number[] = [];
  const wakes = new Set<() => void>();
  let read = 0;
  let isOver = false;
  const pull: PullSource<number> = {
    pollMs: options.pollMs ?? 60_000,
    listen(wake) {
      wakes.add(wake);
      return () => wakes.delete(wake);
    },
    read() {
      const page = items.slice(read, read + 10);
      read += page.length;
      return Promise.resolve({ items: page, done: isOver && read === items.length });
    },
  };
  const hint = () => wakes.forEach((wake) => wake());
  return { pull, items, wakes, hint, end: () => (isOver = true) };
}

describe("PullStream", () => {
  it("gives what is stored, then what is hinted at, each once and in order, and completes", async () => {
    const s = source();
    s.items.push(1, 2);
    const stream = new PullStream(s.pull);
    expect([(await stream.next()).value, (await stream.next()).value]).toEqual([1, 2]);
    const pending = stream.next();
    s.items.push(3);
    s.hint();
    expect((await pending).value).toBe(3);
    s.end();
    s.hint();
    expect((await stream.next()).done).toBe(true);
    expect(s.wakes.size).toBe(0);
  });

  it("finds what no hint came for by polling", async () => {
    const s = source({ pollMs: 5 });
    const stream = new PullStream(s.pull);
    const pending = stream.next();
    s.items.push(1);
    expect((await pending).value).toBe(1);
    await stream.return();
  });

  it("answers concurrent calls in order", async () => {
    const s = source();
    const stream = new PullStream(s.pull);
    const pending = [stream.next(), stream.next(), stream.next()];
    s.items.push(1, 2, 3);
    s.hint();
    expect((await Promise.all(pending)).map((step) => step.value)).toEqual([1, 2, 3]);
    await stream.return();
  });

  it("ends at once on return, pending calls too, and listens no more", async () => {
    const s = source();
    const stream = new PullStream(s.pull);
    const pending = [stream.next(), stream.next()];
    await stream.return();
    expect((await Promise.all(pending)).every((step) => step.done === true)).toBe(true);
    expect(s.wakes.size).toBe(0);
    expect((await stream.next()).done).toBe(true);
  });

  it("has read its first page when it opens, and reads it once", async () => {
    const s = source();
    s.items.push(1);
    let reads = 0;
    const stream = await PullStream.open({ ...s.pull, read: () => (reads++, s.pull.read()) });
    expect(reads).toBe(1);
    expect((await stream.next()).value).toBe(1);
    expect(reads).toBe(1);
    await stream.return();
  });

  it("waits for a hint where it opens with nothing to give, and hears one that came meanwhile", async () => {
    const s = source();
    let reads = 0;
    const counted = { ...s.pull, read: () => (reads++, s.pull.read()) };
    const stream = await PullStream.open(counted);
    const pending = stream.next();
    await new Promise(setImmediate);
    expect(reads).toBe(1);
    s.items.push(1);
    s.hint();
    expect((await pending).value).toBe(1);
    await stream.return();
    const hinted = await PullStream.open(counted);
    s.items.push(2);
    s.hint();
    expect((await hinted.next()).value).toBe(2);
    await hinted.return();
  });

  it("does not open where its first read fails, and listens no more", async () => {
    const s = source();
    await expect(PullStream.open({ ...s.pull, read: () => Promise.reject(new Error("unknown")) })).rejects.toThrow("unknown");
    expect(s.wakes.size).toBe(0);
  });

  it("ends with the error of a read", async () => {
    const s = source();
    const stream = new PullStream({ ...s.pull, read: () => Promise.reject(new Error("gone")) });
    await expect(stream.next()).rejects.toThrow("gone");
    expect((await stream.next()).done).toBe(true);
    expect(s.wakes.size).toBe(0);
  });
});
