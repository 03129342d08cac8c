import { isDeepStrictEqual } from "node:util";
import type { GraphClient } from "#codegen/client/client.ts";
import { appByCode, createApp, createWorkflow, createWorkflowVersion, workflowByCode } from "./documents.ts";
import type { WorkflowFile } from "./workflow-file.ts";

/** What a file's workflow is in the graph. */
export interface PreparedWorkflow {
  appId: string;
  workflowId: string;
  workflowVersionId: string;
}

/** Finds or makes the file's app and workflow; a version is made only where the latest one says something else. */
export async function prepareWorkflow(
  client: GraphClient,
  file: Omit<WorkflowFile, "dslPointer" | "needs" | "description" | "agents">,
  { appCode = "cli", status = "PUBLISHED" }: { appCode?: string; status?: "DRAFT" | "PUBLISHED" } = {},
): Promise<PreparedWorkflow> {
  const { appByCode: app } = await client.query(appByCode, { code: appCode });
  const appId = app?.id ?? (await client.mutate(createApp, { input: { code: appCode, name: "Command line" } })).createApp!.id;
  const { workflowByCode: workflow } = await client.query(workflowByCode, { appId, code: file.code });
  const workflowId =
    workflow?.id ?? (await client.mutate(createWorkflow, { input: { appId, code: file.code, name: file.name } })).createWorkflow!.id;
  const latest = workflow?.latestVersion;
  if (latest && isDeepStrictEqual(latest.dsl, file.dsl)) return { appId, workflowId, workflowVersionId: latest.id };
  const made = await client.mutate(createWorkflowVersion, { input: { workflowId, dsl: file.dsl, status } });
  return { appId, workflowId, workflowVersionId: made.createWorkflowVersion!.id };
}
