import { runtimeErrors } from "../errors.ts";

/** What a plan may be, and what the plans of the runs that its nodes make may be together. */
export const planBytes = 4 * 1024 * 1024;

/**
 * How large a plan becomes by what is frozen into it: counted as it is found, so that what is too large is neither looked up whole nor written out. An agent, or
 * a team, stands in the plan once for each node that names it.
 */
export class PlanSize {
  #bytes = 0;

  /** @param times  how often it stands in the plan. @throws AppError PLAN_TOO_LARGE */
  add(part: object | string, times = 1): void {
    this.#bytes += times * Buffer.byteLength(typeof part === "string" ? part : JSON.stringify(part));
    if (this.#bytes > planBytes) throw runtimeErrors.PLAN_TOO_LARGE({ of: "bytes", found: this.#bytes, limit: planBytes });
  }
}
