import { AppError } from "#shared/errors.ts";
import { ReadBytes, type Reading } from "#shared/read-bytes.ts";

afterEach(() => {
  jest.useRealTimers();
});

const mebi = 1 << 20;
const limits = { operationBytes: 64 * mebi, tenantBytes: 64 * mebi, totalBytes: 128 * mebi, stuckBytes: 192 * mebi, waitMs: 10_000 };

function setup() {
  const reads = new ReadBytes(limits);
  const open = (tenantId: string, signal?: AbortSignal) => reads.open({ tenantId, isMutation: false, signal });
  /** Reserves, and notes under a name when it has. */
  const order: string[] = [];
  const reserve = (reading: Reading, mebibytes: number, name: string) =>
    reading.reserve(mebibytes * mebi).then(
      () => void order.push(name),
      (cause: unknown) => void order.push(`${name} ${cause instanceof AppError ? cause.reason : String(cause)}`),
    );
  return { reads, open, order, reserve };
}

describe("what is read and not answered yet", () => {
  it("is bounded for a tenant and in all: what does not fit waits until another has been answered", async () => {
    const { reads, open, order, reserve } = setup();
    const [a1, a2, b1, c1] = [open("a"), open("a"), open("b"), open("c")];
    const all = [reserve(a1, 40, "a1"), reserve(a2, 40, "a2"), reserve(b1, 60, "b1"), reserve(c1, 40, "c1")];
    await Promise.all([all[0], all[2]]);
    expect(order).toEqual(["a1", "b1"]);
    expect([reads.held, reads.waiting]).toEqual([100 * mebi, 2]);
    b1.release();
    await all[3];
    expect(order).toEqual(["a1", "b1", "c1"]);
    a1.release();
    await Promise.all(all);
    for (const reading of [a2, c1]) reading.release();
    expect([reads.held, reads.waiting]).toEqual([0, 0]);
  });

  it("lets whoever has read for longest go on, so that two that want more do not wait for each other", async () => {
    const { reads, open, order, reserve } = setup();
    const [first, second] = [open("a"), open("a")];
    await Promise.all([reserve(first, 30, "first"), reserve(second, 30, "second")]);
    const more = reserve(second, 30, "second again");
    await reserve(first, 30, "first again");
    expect([order, reads.held]).toEqual([["first", "second", "first again"], 90 * mebi]);
    first.release();
    await more;
    second.release();
    expect(reads.held).toBe(0);
  });

  it("keeps no tenant from what is small, unless it is that tenant's own", async () => {
    const { open } = setup();
    const [a1, a2, other] = [open("a"), open("a"), open("other")];
    // Unmeasured: it is counted when it has come.
    expect(a1.came(40 * mebi)).toBeUndefined();
    expect(a2.came(60 * mebi)).toBeUndefined();
    expect(other.admit()).toBeUndefined();
    const [later, mutation] = [open("a"), new ReadBytes(limits).open({ tenantId: "a", isMutation: true })];
    const admitted = later.admit();
    expect(admitted).toBeInstanceOf(Promise);
    expect(mutation.admit()).toBeUndefined();
    a2.release();
    await admitted;
  });

  it("is refused where it never fits, and told when to come again where it does not fit for 10 s", async () => {
    jest.useFakeTimers();
    const { open, order, reserve } = setup();
    await reserve(open("a"), 65, "large");
    await reserve(open("a"), 64, "first");
    const waiting = reserve(open("a"), 1, "second");
    await jest.advanceTimersByTimeAsync(10_000);
    await waiting;
    expect(order).toEqual(["large READ_TOO_LARGE", "first", "second READS_BUSY"]);
  });

  it("keeps no tenant from a large one for long by operations that are not done", async () => {
    jest.useFakeTimers();
    const { open, order, reserve } = setup();
    await Promise.all([reserve(open("a"), 64, "a"), reserve(open("b"), 64, "b")]);
    const [own, others] = [reserve(open("a"), 10, "a again"), reserve(open("c"), 64, "c")];
    await jest.advanceTimersByTimeAsync(4_000);
    expect(order).toEqual(["a", "b"]);
    await jest.advanceTimersByTimeAsync(1_000);
    await others;
    await jest.advanceTimersByTimeAsync(5_000);
    await own;
    expect(order).toEqual(["a", "b", "c", "a again READS_BUSY"]);
  });

  it("waits for nobody who is gone, and gives back what comes after the end", async () => {
    const { reads, open, order, reserve } = setup();
    const first = open("a");
    await reserve(first, 64, "first");
    const gone = new AbortController();
    const left = reserve(open("a", gone.signal), 10, "left");
    const late = open("a");
    const coming = reserve(late, 10, "late");
    gone.abort(new Error("gone"));
    await left;
    late.release();
    first.release();
    await coming;
    expect([order, reads.held, reads.waiting]).toEqual([["first", "left Error: gone", "late"], 0, 0]);
  });

  it("counts measured bytes once", async () => {
    const { reads, open } = setup();
    const reading = open("a");
    await reading.reserve(20 * mebi);
    for (let came = 0; came < 20; came++) reading.came(mebi + 1_000);
    expect(reads.held).toBe(20 * mebi);
    reading.came(5 * mebi);
    expect(reads.held).toBe(25 * mebi + 20_000);
    reading.release();
    expect(reads.held).toBe(0);
  });
});
