/** Hints that runs are due, and whose: a worker then looks for theirs alone, which costs nothing for all the other tenants that have runs. */
import type { HintPublisher } from "#shared/hints.ts";

const prefix = "runs:";

/** Tells workers that runs of these tenants are due. */
export function runsDue(hints: HintPublisher, ...tenantIds: readonly string[]): void {
  for (const tenantId of new Set(tenantIds)) hints.publish("work", `${prefix}${tenantId}`);
}

/** Whose runs a hint of the topic `work` tells of; undefined where it is of anybody's, or of something else. */
export function runsHintTenant(key: string): string | undefined {
  return key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
}
