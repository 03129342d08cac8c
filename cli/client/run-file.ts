import { createClient, type GraphClient } from "#codegen/client/client.ts";
import { GraphqlRequestError } from "#codegen/client/errors.ts";
import type { CreateRunInput } from "#codegen/graph/graphql.ts";
import type { FieldProblem } from "#shared/json/form-answers.ts";
import { cliErrors } from "../errors.ts";
import { inputShape } from "./input-shape.ts";
import { createRun, runResult } from "./documents.ts";
import { showRun, type ShowOptions, type ShownRun } from "./follow.ts";
import { prepareAgents } from "./agents/prepare-agents.ts";
import { prepareWorkflow, type PreparedWorkflow } from "./prepare.ts";
import { readInput, readWorkflowFile, type WorkflowFile } from "./workflow-file.ts";

/** What to run, where, and how to show it. */
export interface RunFileOptions extends ShowOptions {
  path: string;
  url: string;
  /** JSON, `@file`, or `-` for stdin; the file's own sample where it is left out. */
  input?: string | undefined;
  isFollowed: boolean;
  /** Where the tools of the file's agents are. */
  toolsUrl?: string | undefined;
  tenant?: string | undefined;
  apiKey?: string | undefined;
}

/** A run of a file. */
export interface FileRun extends ShownRun {
  /** What the file says that it needs. */
  needs: string | undefined;
}

/** Runs a workflow file; follows it where asked to. @throws AppError DSL_INVALID with a line for each problem, those of readWorkflowFile and showRun */
export async function runFile(options: RunFileOptions): Promise<FileRun> {
  const { write, isJson } = options;
  const file = await readWorkflowFile(options.path);
  const input = options.input === undefined ? file.input : await readInput(options.input);
  const client = createClient({ url: options.url, tenantId: options.tenant, apiKey: options.apiKey });
  try {
    await prepareAgents(client, file.agents, { toolsUrl: options.toolsUrl });
    const { appId, workflowId, workflowVersionId } = await prepared(client, file, options.path);
    const id = await created(client, { appId, workflowId, workflowVersionId, input }, file);
    if (!options.isFollowed) {
      const { run } = await client.query(runResult, { id });
      write(isJson ? `${JSON.stringify({ runId: id })}\n` : `run ${id}\n`);
      return { run: run!, isFailureShown: false, needs: needsOf(file, options.path) };
    }
    if (!isJson) write(`${file.name}  run ${id}\n`);
    return { ...(await showRun(client, id, options)), needs: needsOf(file, options.path) };
  } finally {
    await client.close();
  }
}

/** The run's id. A refusal of the input is told with what the workflow takes. @throws AppError INPUT_INVALID */
async function created(client: GraphClient, input: CreateRunInput, { dsl }: WorkflowFile): Promise<string> {
  try {
    return (await client.mutate(createRun, { input })).createRun!.id;
  } catch (cause) {
    const { reason, problems } = (cause instanceof GraphqlRequestError && cause.errors[0]?.extensions) || {};
    if (reason !== "INPUT_INVALID" || !Array.isArray(problems)) throw cause;
    throw cliErrors.INPUT_INVALID(
      { what: "workflow", schema: "input_schema", problems: problems as FieldProblem[], takes: inputShape(dsl) },
      { cause },
    );
  }
}

/** For whoever saw it fail: in the file's own words. */
function needsOf({ needs, description }: WorkflowFile, path: string): string | undefined {
  return needs.length === 0 ? undefined : `${path} needs ${needs.join(", ")}. ${description}`.trim();
}

/** The graph's refusal tells a program where to look; a person wants the problems, and where they are in the file. */
async function prepared(client: GraphClient, file: WorkflowFile, path: string): Promise<PreparedWorkflow> {
  try {
    return await prepareWorkflow(client, file);
  } catch (cause) {
    const { issues } = (cause instanceof GraphqlRequestError && cause.errors[0]?.extensions) || {};
    if (!Array.isArray(issues)) throw cause;
    const placed = (issues as { path?: string }[]).map((issue) => ({ ...issue, path: `${file.dslPointer}${issue.path ?? ""}` }));
    throw cliErrors.DSL_INVALID({ path, issues: placed }, { cause });
  }
}
