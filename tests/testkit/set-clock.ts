/** Sets this machine's clock for what is done meanwhile, `new Date()` included; PostgreSQL's and the one that never jumps go on. */
export async function withClockSet<T>(byMs: number, work: () => Promise<T> | T): Promise<T> {
  const RealDate = Date;
  const { now } = RealDate;
  const set = () => now() + byMs;
  RealDate.now = set;
  // No subclass: dates of before and of meanwhile are instances of either.
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given: unknown[], made) => Reflect.construct(target, given.length === 0 ? [set()] : given, made) as Date,
  });
  try {
    return await work();
  } finally {
    globalThis.Date = RealDate;
    RealDate.now = now;
  }
}
