import { isDeepStrictEqual } from "node:util";
import type { GraphClient } from "#codegen/client/client.ts";
import { GraphqlRequestError } from "#codegen/client/errors.ts";
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
  const { id: appId } = await foundOrMade(
    async () => (await client.query(appByCode, { code: appCode })).appByCode,
    async () => (await client.mutate(createApp, { input: { code: appCode, name: "Command line" } })).createApp!,
  );
  const workflow = await foundOrMade(
    async () => (await client.query(workflowByCode, { appId, code: file.code })).workflowByCode,
    async () => (await client.mutate(createWorkflow, { input: { appId, code: file.code, name: file.name } })).createWorkflow!,
  );
  const workflowId = workflow.id;
  const latest = "latestVersion" in workflow ? workflow.latestVersion : undefined;
  if (latest && isDeepStrictEqual(latest.dsl, file.dsl)) return { appId, workflowId, workflowVersionId: latest.id };
  const made = await client.mutate(createWorkflowVersion, { input: { workflowId, dsl: file.dsl, status } });
  return { appId, workflowId, workflowVersionId: made.createWorkflowVersion!.id };
}

/** Of two who make the same at once, such as two files that are run side by side, the second finds what the first has made. */
async function foundOrMade<Found extends object, Made extends object>(
  find: () => Promise<Found | null | undefined>,
  make: () => Promise<Made>,
): Promise<Found | Made> {
  const found = await find();
  if (found != null) return found;
  try {
    return await make();
  } catch (cause) {
    const made = cause instanceof GraphqlRequestError && cause.code === "CONFLICT" ? await find() : undefined;
    if (made == null) throw cause;
    return made;
  }
}
