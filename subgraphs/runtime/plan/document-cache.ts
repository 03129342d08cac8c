/**
 * Documents of workflow versions, which never change: each process reads one once, not once for each run. Bounded by count and by size, the least
 * recently used go first. Keyed by tenant too: a version's id alone is nobody's right to its document.
 */
import { LruCache } from "#shared/lru-cache.ts";
import type { PlanDocument } from "../engine/plan.ts";
import type { FrozenPlan } from "./frozen-plan.ts";
import type { RunNames } from "../client/workflow.client.ts";

/** A version's document; and its plan, where nothing beside the document goes into it. */
export interface CachedDocument {
  document: PlanDocument;
  plan: FrozenPlan | undefined;
  sizeBytes: number;
}

const maxEntries = 1_000;

/** One cache a process. */
export class DocumentCache {
  readonly #entries = new LruCache<CachedDocument>({ entries: maxEntries, bytes: 64 << 20 });
  /** Per workflow, the version that was run last: the likely one when only the workflow is named. */
  readonly #latest = new LruCache<string>({ entries: maxEntries });

  set(tenantId: string, versionId: string, entry: CachedDocument): void {
    this.#entries.set(`${tenantId} ${versionId}`, entry, entry.sizeBytes);
  }

  /** The version that a run of these names is likely to be of, if it is here. The caller keeps it, even if it leaves the cache meanwhile. */
  likely(
    tenantId: string,
    names: Pick<RunNames, "workflowId" | "workflowVersionId">,
  ): { versionId: string; entry: CachedDocument } | undefined {
    const versionId = names.workflowVersionId ?? this.#latest.get(`${tenantId} ${names.workflowId}`);
    const entry = versionId === undefined ? undefined : this.#entries.get(`${tenantId} ${versionId}`);
    return versionId === undefined || entry === undefined ? undefined : { versionId, entry };
  }

  /** Remembers which version of a workflow ran. */
  ran(tenantId: string, workflowId: string, versionId: string): void {
    this.#latest.set(`${tenantId} ${workflowId}`, versionId);
  }
}
