import { writeFile } from "node:fs/promises";
import { createClient, type GraphClient } from "#codegen/client/client.ts";
import { GraphqlRequestError } from "#codegen/client/errors.ts";
import type { CliTestedRunQuery } from "#codegen/graph/graphql.ts";
import type { DocumentTest } from "#shared/dsl/document.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { cliErrors } from "../../errors.ts";
import { createRun, executeRun, testedRun } from "../documents.ts";
import { expectationProblem, type SeenRun } from "./expectation.ts";
import { junitReport } from "./junit.ts";
import { prepareWorkflow } from "../prepare.ts";
import type { TestResult } from "./test-result.ts";
import { leftRun, runsEnd } from "./trial-end.ts";
import { readWorkflowFile } from "../workflow-file.ts";

/** Which tests, where, and how to show them. */
export interface TestFileOptions {
  path: string;
  url: string;
  /** The file that the report is written to. */
  junit?: string | undefined;
  isJson: boolean;
  print: (line: string) => void;
  tenant?: string | undefined;
  apiKey?: string | undefined;
}

const mostSteps = 10_000;
const nodesPerPage = 200;

/** Runs the tests of a file, one after the other. @throws AppError NO_TESTS, those of readWorkflowFile; GraphqlRequestError DSL_INVALID */
export async function testFile(options: TestFileOptions): Promise<TestResult[]> {
  const file = await readWorkflowFile(options.path);
  const tests = (isJsonObject(file.dsl) ? file.dsl["tests"] : undefined) as DocumentTest[] | undefined;
  const client = createClient({ url: options.url, tenantId: options.tenant, apiKey: options.apiKey });
  try {
    const { workflowVersionId } = await prepareWorkflow(client, file, { status: "DRAFT" });
    if (!Array.isArray(tests) || tests.length === 0) throw cliErrors.NO_TESTS({ path: options.path });
    const results: TestResult[] = [];
    for (const test of tests) {
      const result = await resultOf(client, workflowVersionId, test);
      for (const line of options.isJson ? [JSON.stringify(result)] : linesOf(result)) options.print(line);
      results.push(result);
    }
    if (!options.isJson) options.print(summaryOf(results));
    if (options.junit !== undefined) await reportWrite(options.junit, junitReport(file.name, results));
    return results;
  } finally {
    await client.close();
  }
}

async function reportWrite(path: string, report: string): Promise<void> {
  await writeFile(path, report).catch((cause: unknown) => {
    throw cliErrors.FILE_UNWRITABLE({ path, story: (cause as Error).message }, { cause });
  });
}

async function resultOf(client: GraphClient, workflowVersionId: string, test: DocumentTest): Promise<TestResult> {
  const began = performance.now();
  const seconds = (): number => Math.round(performance.now() - began) / 1_000;
  const { name, input = {}, mocks = {} } = test;
  let runId: string | null = null;
  try {
    const created = await client.mutate(createRun, { input: { workflowVersionId, input, mocks, execution: "MANUAL" } });
    runId = created.createRun!.id;
    await client.mutate(executeRun, { id: runId, input: { workerKey: "agent-platform test", maxSteps: mostSteps } });
    return { name, runId, seconds: seconds(), problems: await problemsOf(client, runId, test) };
  } catch (cause) {
    if (!(cause instanceof GraphqlRequestError)) throw cause;
    const unended = runId === null ? [] : await runsEnd(client, [runId]);
    return { name, runId, seconds: seconds(), problems: [cause.message, ...unended] };
  }
}

/** Expectations that do not hold, each with what is true instead; a run that waits is ended, and so is what it has left behind. */
async function problemsOf(client: GraphClient, id: string, { expect }: DocumentTest): Promise<string[]> {
  const { run, nodes, left } = await seenRun(client, id);
  const problems = expect.flatMap((text) => expectationProblem(text, { run, nodes }) ?? []);
  if (problems.length > 0 && run["error_code"] !== null)
    problems.push(`The run is FAILED, ${String(run["error_code"])}: ${String(run["error_message"])}`);
  if (run["status"] === "WAITING" || run["status"] === "RUNNING" || run["status"] === "QUEUED") {
    if (problems.length > 0) problems.push(`The run is ${run["status"]}: ${waitingNodes(nodes)}. Give what waits a mock.`);
    left.unshift(id);
  }
  return [...problems, ...(await runsEnd(client, left))];
}

function waitingNodes(nodes: JsonObject): string {
  const waiting = Object.entries(nodes).filter(([, node]) => isJsonObject(node) && node["status"] === "WAITING");
  return waiting.length === 0 ? "it has taken too many steps" : `${waiting.map(([path]) => path).join(", ")} waits`;
}

type SeenNode = NonNullable<CliTestedRunQuery["run"]>["nodeRuns"]["nodes"][number];

/** The run as expectations see it, and the runs that it has made and does not wait for. */
async function seenRun(client: GraphClient, id: string): Promise<SeenRun & { left: string[] }> {
  const nodes: [string, Json][] = [];
  const left: string[] = [];
  let run: JsonObject = {};
  for (let after: string | null | undefined = null, hasMore = true; hasMore;) {
    const page: CliTestedRunQuery = await client.query(testedRun, { id, first: nodesPerPage, after });
    const found = page.run!;
    run = {
      status: found.status,
      output_text: found.outputText ?? null,
      output_json: (found.outputJson ?? null) as Json,
      state: found.state as JsonObject,
      error_code: found.errorCode ?? null,
      error_message: found.errorMessage ?? null,
      handled_errors: found.handledErrors,
    };
    nodes.push(...found.nodeRuns.nodes.map((node): [string, Json] => [node.path, nodeOf(node)]));
    left.push(...found.nodeRuns.nodes.flatMap((node) => leftRun(node) ?? []));
    hasMore = found.nodeRuns.pageInfo.hasNextPage;
    after = found.nodeRuns.pageInfo.endCursor;
  }
  return { run, nodes: Object.fromEntries(nodes), left };
}

function nodeOf({ status, isMocked, outputText, outputJson, errorCode, errorMessage }: SeenNode): JsonObject {
  const error = errorCode == null ? {} : { error: { code: errorCode, message: errorMessage ?? "" } };
  return { status, mocked: isMocked, text: outputText ?? null, output: (outputJson ?? null) as Json, ...error };
}

function linesOf({ name, seconds, problems, runId }: TestResult): string[] {
  if (problems.length === 0) return [`✓ ${name} (${seconds} s)`];
  return [`✗ ${name} (${seconds} s)${runId === null ? "" : `  run ${runId}`}`, ...problems.map((problem) => `    ${problem}`)];
}

function summaryOf(results: readonly TestResult[]): string {
  const failed = results.filter(({ problems }) => problems.length > 0).length;
  return `${results.length - failed} of ${results.length} tests passed.`;
}
