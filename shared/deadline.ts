/** Waits for a piece of work, so long and no longer. */

/**
 * Rejects when the work has not ended in time. What had come by then but was not read yet, because this process was busy, still counts: timers are
 * looked at before sockets are.
 *
 * @throws Error "no answer within … ms"; what the work throws.
 */
export function withinDeadline<T>(ms: number, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => reject(new Error(`no answer within ${ms} ms`))), ms);
    work()
      .finally(() => clearTimeout(timer))
      .then(resolve, reject);
  });
}
