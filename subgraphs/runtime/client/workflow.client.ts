/** What the runtime asks of the workflow subgraph, on that subgraph's own schema. */
import { graphql } from "#codegen/subgraph-clients/workflow/gql.ts";
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
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

const runSource = graphql(`
  query RuntimeRunSource($input: RunSourceInput!) {
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
  }
`);

/** Asks for all of them at once. @param knownVersionIds versions whose documents need not be sent. */
export async function findRunSource(
  call: SubgraphCaller,
  info: RequestInfo,
  names: RunNames,
  knownVersionIds: string[],
): Promise<RunSource> {
  const { appId = null, appVersionId = null, workflowId = null, workflowVersionId = null } = names;
  const variables = { input: { appId, appVersionId, workflowId, workflowVersionId, knownVersionIds } };
  const data = await call.request({ subgraph: "workflow", document: runSource, variables, info });
  return data.runSource as RunSource;
}

const byCode = graphql(`
  query RuntimeWorkflowByCode($appId: ID!, $code: String!) {
    workflowByCode(appId: $appId, code: $code) {
      id
    }
  }
`);

/** The id of the workflow that has a code in an app; undefined: none has. */
export async function findWorkflowByCode(
  call: SubgraphCaller,
  info: RequestInfo,
  named: { appId: string; code: string },
): Promise<string | undefined> {
  const { workflowByCode } = await call.request({ subgraph: "workflow", document: byCode, variables: named, info });
  return workflowByCode?.id;
}
