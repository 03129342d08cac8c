/** Workflow versions as the workflow subgraph has them, with their documents, which are read once a process. */
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import type { DslDocument } from "#shared/dsl/document.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import { findRunSource, type RunNames, type RunSource } from "../client/workflow.client.ts";
import type { CachedDocument, DocumentCache } from "./document-cache.ts";
import { planDocument } from "./freeze.ts";

/** What compiling needs of its process. */
export interface CompileHost {
  call: SubgraphCaller;
  documents: DocumentCache;
}

/** What was found by the names that a run, or a node, gives. */
export interface FoundSource {
  source: RunSource;
  /** The document of the version that was found. */
  documentOf(found: { versionId: string; workflowId: string }): CachedDocument;
}

/** Asks for all that the names name, without a document that is here. */
export async function findVersionSource({ call, documents }: CompileHost, info: RequestInfo, names: RunNames): Promise<FoundSource> {
  const { tenantId } = info;
  const likely = documents.likely(tenantId, names);
  const source = await findRunSource(call, info, names, likely === undefined ? [] : [likely.versionId]);
  return {
    source,
    documentOf({ versionId, workflowId }) {
      documents.ran(tenantId, workflowId, versionId);
      if (likely?.versionId === versionId) return likely.entry;
      const read = readDocument(source.dsl);
      documents.set(tenantId, versionId, read);
      return read;
    },
  };
}

function readDocument(dsl: DslDocument | null): CachedDocument {
  if (dsl === null) throw new Error("the workflow subgraph left out a document that was not known");
  return { document: planDocument(dsl), plan: undefined, sizeBytes: JSON.stringify(dsl).length };
}
