/** What the runtime asks of the workflow subgraph, on that subgraph's own schema. */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { parse } from "graphql";
import type { SubgraphCaller } from "#shared/caller.ts";
import type { DslDocument } from "#shared/dsl/document.ts";
import type { RequestInfo } from "#shared/request-info.ts";

/** A workflow version with its document, which the workflow subgraph has validated. */
export interface VersionFound {
  id: string;
  status: "DRAFT" | "PUBLISHED" | "ARCHIVED";
  dsl: DslDocument;
  workflow: { id: string; app: { id: string } };
}

/** Everything that decides what a run executes. A field is missing when it was not asked for, null when there is no such thing. */
export interface RunSources {
  workflowVersion?: VersionFound | null;
  workflow?: { id: string; deletedAt: string | null; publishedVersion: VersionFound | null } | null;
  appVersion?: { id: string; app: { id: string } } | null;
  app?: { id: string } | null;
}

/** The ids that a run was asked for with. */
export interface RunNames {
  appId?: string | null | undefined;
  appVersionId?: string | null | undefined;
  workflowId?: string | null | undefined;
  workflowVersionId?: string | null | undefined;
}

const version = "id status dsl workflow { id app { id } }";
const runSources = parse(`query RunSources(
  $appId: ID!, $appVersionId: ID!, $workflowId: ID!, $workflowVersionId: ID!,
  $hasApp: Boolean!, $hasAppVersion: Boolean!, $byWorkflow: Boolean!, $byVersion: Boolean!
) {
  workflowVersion(id: $workflowVersionId) @include(if: $byVersion) { ${version} }
  workflow(id: $workflowId) @include(if: $byWorkflow) { id deletedAt publishedVersion { ${version} } }
  appVersion(id: $appVersionId) @include(if: $hasAppVersion) { id app { id } }
  app(id: $appId) @include(if: $hasApp) { id }
}`) as TypedDocumentNode<
  RunSources,
  {
    appId: string;
    appVersionId: string;
    workflowId: string;
    workflowVersionId: string;
    hasApp: boolean;
    hasAppVersion: boolean;
    byWorkflow: boolean;
    byVersion: boolean;
  }
>;

/** Asks for all of them at once. */
export function findRunSources(call: SubgraphCaller, info: RequestInfo, names: RunNames): Promise<RunSources> {
  const { appId, appVersionId, workflowId, workflowVersionId } = names;
  const variables = {
    appId: appId ?? "",
    appVersionId: appVersionId ?? "",
    workflowId: workflowId ?? "",
    workflowVersionId: workflowVersionId ?? "",
    hasApp: appId != null,
    hasAppVersion: appVersionId != null,
    byWorkflow: workflowId != null && workflowVersionId == null,
    byVersion: workflowVersionId != null,
  };
  return call.request({ subgraph: "workflow", document: runSources, variables, info });
}
