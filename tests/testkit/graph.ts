/** Short ways through the graph for e2e tests: what a user does in several calls, over HTTP and the router. */
import { graphql } from "#codegen/graph/gql.ts";
import type { Json } from "#shared/json.ts";
import type { GraphAnswer, TestPlatform } from "./platform.ts";

/** Whatever platform runs. */
export type AskedPlatform = Pick<TestPlatform, "post" | "client">;

/** A DSL document. */
export interface Dsl {
  nodes: Json[];
  edges: Json[];
  timeout_seconds?: number;
}

/** Edges that chain the nodes. */
export function chain(...ids: string[]): Json[] {
  return ids.slice(1).map((target, index) => ({ source: ids[index]!, target }));
}

/** A workflow that is there and published. */
export interface MadeWorkflow {
  appId: string;
  workflowId: string;
  workflowVersionId: string;
}

/** Sends an operation that must not be refused. */
export async function ask<D>(
  platform: AskedPlatform,
  query: string,
  variables?: Record<string, unknown>,
  headers?: Record<string, string>,
): Promise<D> {
  const answer = await platform.post(query, variables, headers);
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
}

/** Sends an operation that must be refused, and gives the first error's extensions and message. */
export async function refusal(
  platform: AskedPlatform,
  query: string,
  variables?: Record<string, unknown>,
  headers?: Record<string, string>,
): Promise<{ message: string } & Record<string, unknown>> {
  const { errors }: GraphAnswer = await platform.post(query, variables, headers);
  if (!errors?.[0]) throw new Error("the operation was not refused");
  return { message: errors[0].message, ...errors[0].extensions };
}

const runStatusEvents = graphql(`
  subscription TestRunStatus($runId: ID!, $after: String) {
    runEvents(runId: $runId, after: $after) {
      cursor
      runStatus
    }
  }
`);

let serial = 0;

/** Makes an app with one published workflow. */
export async function makeWorkflow(platform: AskedPlatform, dsl: Dsl, headers?: Record<string, string>): Promise<MadeWorkflow> {
  const code = `w${Date.now().toString(36)}-${serial++}`;
  const app = await ask<{ createApp: { id: string } }>(
    platform,
    `mutation ($code: String!) { createApp(input: { code: $code, name: "Test app" }) { id } }`,
    { code },
    headers,
  );
  const appId = app.createApp.id;
  const workflow = await ask<{ createWorkflow: { id: string } }>(
    platform,
    `mutation ($appId: ID!) { createWorkflow(input: { appId: $appId, code: "main", name: "Test workflow" }) { id } }`,
    { appId },
    headers,
  );
  const workflowId = workflow.createWorkflow.id;
  const version = await ask<{ createWorkflowVersion: { id: string } }>(
    platform,
    `mutation ($workflowId: ID!, $dsl: JSON!) { createWorkflowVersion(input: { workflowId: $workflowId, dsl: $dsl, status: PUBLISHED }) { id } }`,
    { workflowId, dsl },
    headers,
  );
  return { appId, workflowId, workflowVersionId: version.createWorkflowVersion.id };
}

/** Starts a run of a workflow's published version and gives its id. */
export async function startRun(
  platform: AskedPlatform,
  workflowId: string,
  input: object = {},
  more: object = {},
  headers?: Record<string, string>,
): Promise<string> {
  const { createRun } = await ask<{ createRun: { id: string } }>(
    platform,
    `mutation ($input: CreateRunInput!) { createRun(input: $input) { id } }`,
    { input: { workflowId, input, ...more } },
    headers,
  );
  return createRun.id;
}

/** A run as tests look at it. */
export interface SeenRun {
  id: string;
  status: string;
  outputText: string | null;
  outputJson: unknown;
  errorCode: string | null;
  errorMessage: string | null;
  handledErrors: number;
  state: Record<string, unknown>;
  nodeRuns: { edges: { node: SeenNodeRun }[] };
}

/** A node run as tests look at it. */
export interface SeenNodeRun {
  id: string;
  nodeId: string;
  status: string;
  attempt: number;
  waitReason: string | null;
  outputText: string | null;
  outputJson: unknown;
  errorCode: string | null;
  errorMessage: string | null;
}

/** Reads a run. */
export async function readRun(platform: AskedPlatform, id: string, tenantId = "t1"): Promise<SeenRun> {
  const query = `query ($id: ID!) { run(id: $id) { id status outputText outputJson errorCode errorMessage handledErrors state
    nodeRuns(first: 200) { edges { node { id nodeId status attempt waitReason outputText outputJson errorCode errorMessage } } } } }`;
  return (await ask<{ run: SeenRun }>(platform, query, { id }, { "x-tenant-id": tenantId })).run;
}

/** Waits as {@link finishRun} does, and reads nothing but how it ended. */
export async function runEnd(platform: AskedPlatform, id: string, { mostMs }: Pick<WaitOptions, "mostMs"> = {}): Promise<string> {
  await runRests(platform, id, { mostMs });
  const query = "query ($id: ID!) { run(id: $id) { status errorCode } }";
  const { run } = await ask<{ run: { status: string; errorCode: string | null } }>(platform, query, { id });
  return run.errorCode ?? run.status;
}

/** Waits on the run's own stream until it has ended (or rests, where `untilRest`), then reads it. */
export async function finishRun(platform: AskedPlatform, id: string, options: WaitOptions = {}): Promise<SeenRun> {
  await runRests(platform, id, options);
  return readRun(platform, id, options.tenantId);
}

interface WaitOptions {
  untilRest?: boolean;
  tenantId?: string;
  /** Then it is read as it is. */
  mostMs?: number | undefined;
}

async function runRests(
  platform: AskedPlatform,
  id: string,
  { untilRest = false, tenantId = "t1", mostMs = 250_000 }: WaitOptions,
): Promise<void> {
  const client = platform.client({ tenantId });
  const signal = AbortSignal.timeout(mostMs);
  for await (const { runEvents } of client.subscribe(runStatusEvents, { runId: id }, { signal })) {
    if (untilRest && runEvents.runStatus === "WAITING") break;
  }
  await client.close();
}

/** Makes, starts and finishes a run of a document. */
export async function runDsl(platform: AskedPlatform, dsl: Dsl, input: object = {}): Promise<SeenRun> {
  const { workflowId } = await makeWorkflow(platform, dsl);
  return finishRun(platform, await startRun(platform, workflowId, input));
}
