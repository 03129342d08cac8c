/** Sets this machine's clock for what is done meanwhile; PostgreSQL's and the one that never jumps go on. */
export async function withClockSet<T>(byMs: number, work: () => Promise<T> | T): Promise<T> {
  const { now } = Date;
  Date.now = () => now() + byMs;
  try {
    return await work();
  } finally {
    Date.now = now;
  }
}
