import { createClient } from "#codegen/client/client.ts";
import { createRun, runResult } from "./documents.ts";
import { showRun } from "./follow.ts";
import { prepareWorkflow } from "./prepare.ts";
import type { FinishedRun } from "./run-view.ts";
import { readInput, readWorkflowFile } from "./workflow-file.ts";

/** What to run, where, and how to show it. */
export interface RunFileOptions {
  path: string;
  url: string;
  /** JSON, `@file`, or `-` for stdin; the file's own sample where it is left out. */
  input?: string | undefined;
  isFollowed: boolean;
  isJson: boolean;
  tenant?: string | undefined;
  apiKey?: string | undefined;
  /** Writes text as it is: deltas are no lines. */
  write: (text: string) => void;
}

/** Runs a workflow file; follows it where asked to. */
export async function runFile(options: RunFileOptions): Promise<FinishedRun> {
  const { write, isJson } = options;
  const file = await readWorkflowFile(options.path);
  const input = options.input === undefined ? file.input : await readInput(options.input);
  const client = createClient({ url: options.url, tenantId: options.tenant, apiKey: options.apiKey });
  try {
    const { appId, workflowId, workflowVersionId } = await prepareWorkflow(client, file);
    const created = await client.mutate(createRun, { input: { appId, workflowId, workflowVersionId, input } });
    const { id } = created.createRun!;
    if (!options.isFollowed) {
      const { run } = await client.query(runResult, { id });
      write(isJson ? `${JSON.stringify({ runId: id })}\n` : `run ${id}\n`);
      return run!;
    }
    if (!isJson) write(`${file.name}  run ${id}\n`);
    return await showRun(client, id, { isJson, write });
  } finally {
    await client.close();
  }
}
