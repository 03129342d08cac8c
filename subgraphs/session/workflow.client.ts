/** What the session subgraph asks of the workflow subgraph, on that subgraph's own schema. */
import type { SessionAppByIdQuery, SessionRunTargetsQuery } from "#codegen/subgraph-clients/workflow/graphql.ts";
import { graphql } from "#codegen/subgraph-clients/workflow/gql.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import type { SessionContext } from "./session.context.ts";

const appById = graphql(`
  query SessionAppById($id: ID!) {
    app(id: $id) {
      id
      deletedAt
    }
  }
`);

const runTargets = graphql(`
  query SessionRunTargets(
    $appId: ID!
    $appVersionId: ID!
    $workflowVersionId: ID!
    $byApp: Boolean!
    $byAppVersion: Boolean!
    $byWorkflowVersion: Boolean!
  ) {
    workflowVersion(id: $workflowVersionId) @include(if: $byWorkflowVersion) {
      ...RunTarget
    }
    appVersion(id: $appVersionId) @include(if: $byAppVersion) {
      id
      app {
        id
      }
      workflowVersion {
        ...RunTarget
      }
    }
    app(id: $appId) @include(if: $byApp) {
      id
      publishedVersion {
        id
        app {
          id
        }
        workflowVersion {
          ...RunTarget
        }
      }
      workflows(first: 2) {
        edges {
          node {
            id
            publishedVersion {
              ...RunTarget
            }
          }
        }
      }
    }
  }
  fragment RunTarget on WorkflowVersion {
    id
    status
    workflow {
      id
      app {
        id
      }
    }
  }
`);

/** An app, as far as a session needs to know it. */
export type AppFound = NonNullable<SessionAppByIdQuery["app"]>;
/** A workflow version with where it belongs. */
export type VersionFound = NonNullable<SessionRunTargetsQuery["workflowVersion"]>;
/** An app version with what it runs. */
export type AppVersionFound = NonNullable<SessionRunTargetsQuery["appVersion"]>;
/** What an app runs when nothing else is said; two workflows at most: whether it is one is all that matters. */
export type AppTargets = NonNullable<SessionRunTargetsQuery["app"]>;

/** The app, deleted ones too; null where there is none. */
export async function findApp(context: SessionContext, id: string): Promise<AppFound | null | undefined> {
  const { app } = await context.call.request({ subgraph: "workflow", document: appById, variables: { id }, info: requestInfoOf(context) });
  return app;
}

/** Everything that decides what a request runs, in one question. */
export async function findRunTargets(
  context: SessionContext,
  given: { appId: string; appVersionId?: string | null | undefined; workflowVersionId?: string | null | undefined },
): Promise<SessionRunTargetsQuery> {
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
