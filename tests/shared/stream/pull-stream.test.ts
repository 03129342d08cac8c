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

  it("ends with the error of a read", async () => {
    const s = source();
    const stream = new PullStream({ ...s.pull, read: () => Promise.reject(new Error("gone")) });
    await expect(stream.next()).rejects.toThrow("gone");
    expect((await stream.next()).done).toBe(true);
    expect(s.wakes.size).toBe(0);
  });
});
