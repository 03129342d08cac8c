/**
 * Jobs that wait for a thread. Bounded in bytes, and one tenant has at most half of them; tenants take turns, and a tenant whose job is being done
 * lets the others go first however many wait.
 */

/** What waits. */
export interface Waiting {
  readonly tenantId: string;
}

/** A job's own cost beside its bytes. */
const overheadBytes = 1_024;

/** See above. Bytes are held from {@link FairQueue.reserve} to {@link FairQueue.release}, so those of jobs that are being done count too. */
export class FairQueue<T extends Waiting> {
  readonly maxBytes: number;
  /** What one tenant may have, and so what one job may. */
  readonly tenantBytes: number;
  readonly #bytes = new Map<string, number>();
  /** In the order of their turns. */
  readonly #byTenant = new Map<string, T[]>();
  #held = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
    this.tenantBytes = Math.floor(maxBytes / 2);
  }

  /** Bytes of all jobs that wait or are being done. */
  get heldBytes(): number {
    return this.#held;
  }

  /** Takes room for a job's next bytes; false where there is none. */
  reserve(tenantId: string, bytes: number): boolean {
    const ofTenant = this.#bytes.get(tenantId) ?? 0;
    if (this.#held + bytes > this.maxBytes || ofTenant + bytes > this.tenantBytes) return false;
    this.#held += bytes;
    this.#bytes.set(tenantId, ofTenant + bytes);
    return true;
  }

  release(tenantId: string, bytes: number): void {
    this.#held -= bytes;
    const left = (this.#bytes.get(tenantId) ?? 0) - bytes;
    if (left > 0) this.#bytes.set(tenantId, left);
    else this.#bytes.delete(tenantId);
  }

  add(job: T): void {
    const jobs = this.#byTenant.get(job.tenantId);
    if (jobs === undefined) this.#byTenant.set(job.tenantId, [job]);
    else jobs.push(job);
  }

  /** The next job of the tenant whose turn it is, of those that `isFree` admits; undefined: none. */
  take(isFree: (tenantId: string) => boolean): T | undefined {
    for (const [tenantId, jobs] of this.#byTenant) {
      if (!isFree(tenantId)) continue;
      const job = jobs.shift();
      this.#byTenant.delete(tenantId);
      if (jobs.length > 0) this.#byTenant.set(tenantId, jobs);
      return job;
    }
    return undefined;
  }

  /** Takes a job out of turn; false when it waits no more. */
  remove(job: T): boolean {
    const jobs = this.#byTenant.get(job.tenantId) ?? [];
    const place = jobs.indexOf(job);
    if (place < 0) return false;
    jobs.splice(place, 1);
    if (jobs.length === 0) this.#byTenant.delete(job.tenantId);
    return true;
  }
}

/** What a job of so many bytes takes of the queue. */
export function jobBytes(bytes: number): number {
  return bytes + overheadBytes;
}
