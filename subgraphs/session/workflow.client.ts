/** What the session subgraph asks of the workflow subgraph, on that subgraph's own schema. */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { parse } from "graphql";
import { requestInfoOf } from "#shared/request-info.ts";
import type { SessionContext } from "./session.context.ts";

/** An app, as far as a session needs to know it. */
export interface AppFound {
  id: string;
  deletedAt: string | null;
}

/** A workflow version with where it belongs. */
export interface VersionFound {
  id: string;
  status: "DRAFT" | "PUBLISHED" | "ARCHIVED";
  workflow: { id: string; app: { id: string } };
}

/** An app version with what it runs. */
export interface AppVersionFound {
  id: string;
  app: { id: string };
  workflowVersion: VersionFound;
}

/** What an app runs when nothing else is said. */
export interface AppTargets {
  id: string;
  publishedVersion: AppVersionFound | null;
  /** Two at most: whether it is one is all that matters. */
  workflows: { edges: { node: { id: string; publishedVersion: VersionFound | null } }[] };
}

const appById = parse(`query AppById($id: ID!) { app(id: $id) { id deletedAt } }`) as TypedDocumentNode<
  { app: AppFound | null },
  { id: string }
>;

const version = "id status workflow { id app { id } }";
const runTargets = parse(`query RunTargets(
  $appId: ID!, $appVersionId: ID!, $workflowVersionId: ID!, $byApp: Boolean!, $byAppVersion: Boolean!, $byWorkflowVersion: Boolean!
) {
  workflowVersion(id: $workflowVersionId) @include(if: $byWorkflowVersion) { ${version} }
  appVersion(id: $appVersionId) @include(if: $byAppVersion) { id app { id } workflowVersion { ${version} } }
  app(id: $appId) @include(if: $byApp) {
    id
    publishedVersion { id app { id } workflowVersion { ${version} } }
    workflows(first: 2) { edges { node { id publishedVersion { ${version} } } } }
  }
}`) as TypedDocumentNode<
  { workflowVersion?: VersionFound | null; appVersion?: AppVersionFound | null; app?: AppTargets | null },
  { appId: string; appVersionId: string; workflowVersionId: string; byApp: boolean; byAppVersion: boolean; byWorkflowVersion: boolean }
>;

/** The app, deleted ones too; null where there is none. */
export async function findApp(context: SessionContext, id: string): Promise<AppFound | null> {
  const { app } = await context.call.request({ subgraph: "workflow", document: appById, variables: { id }, info: requestInfoOf(context) });
  return app;
}

/** Everything that decides what a request runs, in one question. */
export async function findRunTargets(
  context: SessionContext,
  given: { appId: string; appVersionId?: string | null | undefined; workflowVersionId?: string | null | undefined },
): Promise<{ workflowVersion?: VersionFound | null; appVersion?: AppVersionFound | null; app?: AppTargets | null }> {
  const byWorkflowVersion = given.workflowVersionId != null;
  const byAppVersion = given.appVersionId != null;
  const variables = {
    appId: given.appId,
    appVersionId: given.appVersionId ?? "",
    workflowVersionId: given.workflowVersionId ?? "",
    byWorkflowVersion,
    byAppVersion,
    byApp: !byWorkflowVersion && !byAppVersion,
  };
  return context.call.request({ subgraph: "workflow", document: runTargets, variables, info: requestInfoOf(context) });
}
