/** What the runtime asks of the workflow subgraph, on that subgraph's own schema. */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { parse } from "graphql";
import type { SubgraphCaller } from "#shared/caller.ts";
import type { DslDocument } from "#shared/dsl/document.ts";
import type { RequestInfo } from "#shared/request-info.ts";

/** Everything that decides what a run executes; null where there is no such thing. */
export interface RunSource {
  versionId: string | null;
  versionStatus: "DRAFT" | "PUBLISHED" | "ARCHIVED" | null;
  /** The version's document, which the workflow subgraph has validated; null where the caller has it. */
  dsl: DslDocument | null;
  /** The version's workflow, else the one that was named. */
  workflowId: string | null;
  workflowAppId: string | null;
  workflowDeleted: boolean | null;
  appId: string | null;
  appVersionId: string | null;
  appVersionAppId: string | null;
}

/** The ids that a run was asked for with. */
export interface RunNames {
  appId?: string | null | undefined;
  appVersionId?: string | null | undefined;
  workflowId?: string | null | undefined;
  workflowVersionId?: string | null | undefined;
}

interface Variables extends Record<string, unknown> {
  input: Record<keyof RunNames, string | null> & { knownVersionIds: readonly string[] };
}

const runSource = parse(`query RuntimeRunSource($input: RunSourceInput!) {
  runSource(input: $input) {
    versionId
    versionStatus
    dsl
    workflowId
    workflowAppId
    workflowDeleted
    appId
    appVersionId
    appVersionAppId
  }
}`) as TypedDocumentNode<{ runSource: RunSource }, Variables>;

/** Asks for all of them at once. @param knownVersionIds versions whose documents need not be sent. */
export async function findRunSource(
  call: SubgraphCaller,
  info: RequestInfo,
  names: RunNames,
  knownVersionIds: readonly string[],
): Promise<RunSource> {
  const { appId = null, appVersionId = null, workflowId = null, workflowVersionId = null } = names;
  const variables = { input: { appId, appVersionId, workflowId, workflowVersionId, knownVersionIds } };
  return (await call.request({ subgraph: "workflow", document: runSource, variables, info })).runSource;
}
