import { createClient } from "#codegen/client/client.ts";
import { createRun, runResult } from "./documents.ts";
import { eventLine, followRun, type FinishedRun } from "./follow.ts";
import { prepareWorkflow } from "./prepare.ts";
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
  print: (line: string) => void;
}

/** Runs a workflow file; follows it where asked to. */
export async function runFile(options: RunFileOptions): Promise<FinishedRun> {
  const { print, isJson } = options;
  const file = await readWorkflowFile(options.path);
  const input = options.input === undefined ? file.input : await readInput(options.input);
  const client = createClient({ url: options.url, tenantId: options.tenant, apiKey: options.apiKey });
  try {
    const { appId, workflowId, workflowVersionId } = await prepareWorkflow(client, file);
    const created = await client.mutate(createRun, { input: { appId, workflowId, workflowVersionId, input } });
    const { id } = created.createRun;
    if (!options.isFollowed) {
      const { run } = await client.query(runResult, { id });
      print(isJson ? JSON.stringify({ runId: id }) : `run ${id}`);
      return run!;
    }
    if (!isJson) print(`${file.name}  run ${id}`);
    const run = await followRun(client, id, (event) => {
      const line = isJson ? JSON.stringify(event) : eventLine(event);
      if (line !== undefined) print(line);
    });
    print(isJson ? JSON.stringify(run) : answerText(run));
    return run;
  } finally {
    await client.close();
  }
}

function answerText(run: FinishedRun): string {
  const answer = run.outputText ?? (run.outputJson == null ? "" : JSON.stringify(run.outputJson, null, 2));
  return answer === "" ? "" : `\n${answer}`;
}
