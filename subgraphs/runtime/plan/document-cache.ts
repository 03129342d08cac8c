/**
 * Documents of workflow versions, which never change: each process reads one once, not once for each run. Bounded by count and by size, the least
 * recently used go first. Keyed by tenant too: a version's id alone is nobody's right to its document.
 */
import type { PlanDocument } from "../engine/plan.ts";
import type { FrozenPlan } from "./frozen-plan.ts";
import type { RunNames } from "../client/workflow.client.ts";

/** A version's document; and its plan, where nothing beside the document goes into it. */
export interface CachedDocument {
  document: PlanDocument;
  plan: FrozenPlan | undefined;
  sizeBytes: number;
}

const maxBytes = 64 << 20;
const maxEntries = 1_000;

/** One cache a process. */
export class DocumentCache {
  readonly #entries = new Map<string, CachedDocument>();
  /** Per workflow, the version that was run last: the likely one when only the workflow is named. */
  readonly #latest = new Map<string, string>();
  #bytes = 0;

  set(tenantId: string, versionId: string, entry: CachedDocument): void {
    if (entry.sizeBytes > maxBytes / 4) return;
    const key = `${tenantId} ${versionId}`;
    this.#drop(key);
    this.#entries.set(key, entry);
    this.#bytes += entry.sizeBytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= maxBytes && this.#entries.size <= maxEntries) break;
      this.#drop(oldest);
    }
  }

  /** The version that a run of these names is likely to be of, if it is here. The caller keeps it, even if it leaves the cache meanwhile. */
  likely(
    tenantId: string,
    names: Pick<RunNames, "workflowId" | "workflowVersionId">,
  ): { versionId: string; entry: CachedDocument } | undefined {
    const versionId = names.workflowVersionId ?? this.#latest.get(`${tenantId} ${names.workflowId}`);
    const entry = versionId === undefined ? undefined : this.#entries.get(`${tenantId} ${versionId}`);
    if (versionId === undefined || entry === undefined) return undefined;
    this.#drop(`${tenantId} ${versionId}`);
    this.set(tenantId, versionId, entry);
    return { versionId, entry };
  }

  /** Remembers which version of a workflow ran. */
  ran(tenantId: string, workflowId: string, versionId: string): void {
    if (this.#latest.size > maxEntries) this.#latest.clear();
    this.#latest.set(`${tenantId} ${workflowId}`, versionId);
  }

  #drop(key: string): void {
    this.#bytes -= this.#entries.get(key)?.sizeBytes ?? 0;
    this.#entries.delete(key);
  }
}
