import { AppError } from "#shared/errors.ts";
import type { Json } from "#shared/json.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import { openPool } from "#shared/db/pool.ts";
import { engineParts } from "../../../subgraphs/runtime/worker/engine-parts.ts";
import type { NodeExecutor } from "../../../subgraphs/runtime/nodes/executor.ts";
import { nodeRegistry } from "../../../subgraphs/runtime/nodes/registry.ts";
import { runtimeDefinition } from "../../../subgraphs/runtime/subgraph.ts";
import { startWorker } from "../../../subgraphs/runtime/worker/main.ts";
import { fakeEndpoint } from "../../testkit/fake-endpoint.ts";
import { openTestSubgraph, type TestSubgraph } from "../../testkit/subgraph.ts";

/** A document as tests write it. */
export interface TestDsl {
  nodes: { id: string; type: string; config?: object; retry?: object; timeout_seconds?: number; on_error?: unknown }[];
  edges: { source: string; target: string; condition?: string }[];
  timeout_seconds?: number;
  on_failure?: unknown;
  input_schema?: object;
  session_history?: object;
  concurrency?: object;
}

interface Version {
  id: string;
  status: string;
  dsl: TestDsl;
  workflow: { id: string; app: { id: string } };
}

interface RunSourceInput {
  appId?: string | null;
  appVersionId?: string | null;
  workflowId?: string | null;
  workflowVersionId?: string | null;
  knownVersionIds: string[];
}

/** What the subgraphs around the runtime know; tests change it. Everything is tenant t1's. */
export class FakeGraph {
  readonly versions = new Map<string, Version>();
  readonly workflows = new Map<string, { id: string; deletedAt: string | null; publishedVersion: Version | null }>();
  /** Ids of workflows by their codes. */
  readonly codes = new Map<string, string>();
  readonly sessions = new Map<string, "ACTIVE" | "CLOSED">([["s1", "ACTIVE"]]);
  readonly tools = new Map<
    string,
    { id: string; code: string; status: string; deletedAt: string | null; latestVersion: { id: string } | null }
  >();
  readonly bindings = new Map<string, object>();
  /** Input schemas by version. */
  readonly inputSchemas = new Map<string, object>();
  /** What was called, and the statuses that calls are answered with, one after the other; 200 beyond them. */
  readonly toolCalls: { arguments?: object | null; config?: object | null; idempotencyKey?: string }[] = [];
  readonly toolStatuses: number[] = [];
  /** What the session was told, by run id. */
  readonly messages: { runId: string; sessionId: string; content: string; tenantId: string }[] = [];
  /** Messages of all sessions, oldest first. */
  readonly history: { id: string; role: string; content: string }[] = [];
  said(_session: string) {
    return ({ last }: { last: number }) => {
      if (last > this.mostRead) throw new AppError("RESOURCE_EXHAUSTED", "READ_TOO_LARGE", "Too much to read.");
      return { nodes: this.history.slice(-last) };
    };
  }
  /** Messages that may be read at once. */
  mostRead = 1_000;
  /** Refuses the next messages. */
  refuseMessage: Error | undefined;
  /** Awaited before a session takes a message. */
  beforeMessage?: (input: { runId: string; content: string }) => Promise<void>;

  /** As the workflow subgraph answers it; apps are those called app-…, app versions those called av-…, of app-1. */
  runSource({ appId, appVersionId, workflowId, workflowVersionId, knownVersionIds }: RunSourceInput): object {
    const named = workflowId == null ? undefined : this.workflows.get(workflowId);
    const version = workflowVersionId == null ? named?.publishedVersion : this.versions.get(workflowVersionId);
    const isAppVersion = appVersionId?.startsWith("av-") === true;
    return {
      versionId: version?.id,
      versionStatus: version?.status,
      dsl: version && !knownVersionIds.includes(version.id) ? version.dsl : null,
      workflowId: version?.workflow.id ?? named?.id,
      workflowAppId: version?.workflow.app.id,
      workflowDeleted: named !== undefined && named.deletedAt !== null,
      appId: appId?.startsWith("app-") === true ? appId : null,
      appVersionId: isAppVersion ? appVersionId : null,
      appVersionAppId: isAppVersion ? "app-1" : null,
    };
  }

  version(id: string, dsl: TestDsl, { status = "PUBLISHED", app = "app-1" } = {}): void {
    const version = { id, status, dsl, workflow: { id: `workflow-of-${id}`, app: { id: app } } };
    this.versions.set(id, version);
    this.workflows.set(version.workflow.id, {
      id: version.workflow.id,
      deletedAt: null,
      publishedVersion: status === "PUBLISHED" ? version : null,
    });
  }
}

/** A chain of template nodes: a → b → c …, each of which says its name. */
export function chain(...ids: string[]): TestDsl {
  return {
    nodes: ids.map((id) => ({ id, type: "template-transform", config: { template: `text of ${id}` } })),
    edges: ids.slice(1).map((target, index) => ({ source: ids[index]!, target })),
  };
}

/** Waits for a person. */
export const waitNode: NodeExecutor = { effect: "pure", run: () => ({ kind: "waiting", reason: "PERSON" }) };
/** Fails for certain. */
export const failNode: NodeExecutor = {
  effect: "pure",
  run: () => ({ kind: "failed", code: "TEST_FAILURE", message: "It failed.", retryable: false }),
};

/** The runtime between fakes, and what tests do with it. */
export interface TestRuntime extends TestSubgraph {
  graph: FakeGraph;
  /** Creates a run of a document; gives its id. */
  create(dsl: TestDsl, input?: object): Promise<string>;
  /** Starts a worker beside it. */
  startWorker(): void;
}

const workflowTypes = `
  scalar JSON
  type Query { runSource(input: RunSourceInput!): RunSource! workflowByCode(appId: ID!, code: String!): Workflow }
  type Workflow { id: ID! }
  input RunSourceInput { appId: ID appVersionId: ID workflowId: ID workflowVersionId: ID knownVersionIds: [ID!]! }
  type RunSource {
    versionId: ID versionStatus: String dsl: JSON workflowId: ID workflowAppId: ID workflowDeleted: Boolean appId: ID appVersionId: ID appVersionAppId: ID
  }`;
const toolTypes = `
  type Query { tool(id: ID!): Tool toolByCode(code: String!): Tool toolBinding(id: ID!): ToolBinding toolVersion(id: ID!): ToolVersion }
  type Mutation { invokeTool(input: InvokeToolInput!): ToolAnswer! }
  input InvokeToolInput { toolBindingId: ID toolId: ID toolVersionId: ID arguments: JSONObject config: JSONObject idempotencyKey: String }
  type ToolAnswer { ok: Boolean! status: Int outputText: String outputJson: JSONObject numbersAsText: [String!]! headers: JSONObject! durationMs: Float!
    errorCode: String errorMessage: String resolved: JSONObject! }
  type Tool { id: ID! code: String! status: String! deletedAt: String latestVersion: ToolVersion }
  type ToolBinding { id: ID! deletedAt: String config: JSONObject tool: Tool! toolVersion: ToolVersion }
  scalar JSONObject
  type ToolVersion { id: ID! inputSchema: JSONObject tool: Tool }`;
const sessionTypes = `
  type Query { session(id: ID!): Session }
  type Mutation { recordRunMessage(input: RecordRunMessageInput!): Message! }
  type Session { id: ID! status: String! messages(last: Int!): Messages! }
  type Messages { nodes: [Message!]! }
  type Message { id: ID! role: String content: String }
  input RecordRunMessageInput { runId: ID! sessionId: ID! content: String! }`;

type ById = (args: { id: string }, info: RequestInfo) => unknown;
const mine =
  (find: (id: string) => unknown): ById =>
  ({ id }, { tenantId }) =>
    tenantId === "t1" ? (find(id) ?? null) : null;

/** Opens it. `extraNodes`: node types beside wait and fail. `applyWaitMs`: a minute, for a run's owner always comes to what is posted. */
export async function setup(extraNodes: Record<string, NodeExecutor> = {}, { applyWaitMs = 60_000 } = {}): Promise<TestRuntime> {
  const graph = new FakeGraph();
  const nodes = { wait: waitNode, fail: failNode, ...extraNodes };
  const test = await openTestSubgraph(runtimeDefinition(nodes, { applyWaitMs }));
  for (const endpoint of fakes(graph)) test.registry.register(endpoint);
  let versions = 0;
  return {
    ...test,
    graph,
    async create(dsl, input = {}) {
      const workflowVersionId = `v-${versions++}`;
      graph.version(workflowVersionId, dsl);
      const { createRun } = await test.ask<{ createRun: { id: string } }>(
        `mutation($input: CreateRunInput!) { createRun(input: $input) { id } }`,
        { input: { workflowVersionId, execution: "MANUAL", ...input } },
      );
      return createRun.id;
    },
    startWorker() {
      const { env, log, hints, call } = test.subgraph.context({ tenantId: "t1", requestId: "worker" });
      const parts = engineParts({ env, log, hints, call, databaseUrl: test.databaseUrl });
      const options = { databaseUrl: test.databaseUrl, workerKey: "test worker" };
      const worker = startWorker({ ...parts, ...options, executors: nodeRegistry(nodes) });
      test.atClose(async () => {
        await worker.stop();
        await parts.close();
      });
    },
  };
}

function fakes(graph: FakeGraph) {
  return [
    fakeEndpoint("workflow", workflowTypes, {
      runSource: ({ input }: { input: RunSourceInput }, { tenantId }: RequestInfo) => (tenantId === "t1" ? graph.runSource(input) : {}),
      workflowByCode: ({ code }: { code: string }, { tenantId }: RequestInfo) =>
        tenantId === "t1" && graph.codes.has(code) ? { id: graph.codes.get(code) } : null,
    }),
    fakeEndpoint("tool", toolTypes, {
      tool: mine((id) => graph.tools.get(id)),
      toolByCode: ({ code }: { code: string }) =>
        [...graph.tools.values()].find((tool) => tool.code === code && tool.deletedAt === null) ?? null,
      toolBinding: mine((id) => graph.bindings.get(id)),
      toolVersion: mine((id) => ({
        id,
        inputSchema: graph.inputSchemas.get(id) ?? null,
        tool: [...graph.tools.values()].find(({ latestVersion }) => latestVersion?.id === id) ?? null,
      })),
      invokeTool: ({ input }: { input: FakeGraph["toolCalls"][number] }) => {
        graph.toolCalls.push(input);
        const status = graph.toolStatuses.shift() ?? 200;
        const rest = { outputText: null, numbersAsText: [], headers: {}, durationMs: 1, errorCode: null, errorMessage: null, resolved: {} };
        return { ...rest, ok: status < 300, status, outputJson: { called: input.arguments ?? {} } };
      },
    }),
    fakeEndpoint("session", sessionTypes, {
      session: mine((id) => (graph.sessions.has(id) ? { id, status: graph.sessions.get(id), messages: graph.said(id) } : null)),
      recordRunMessage: async ({ input }: { input: { runId: string; sessionId: string; content: string } }, { tenantId }: RequestInfo) => {
        await graph.beforeMessage?.(input);
        if (graph.refuseMessage) throw graph.refuseMessage;
        graph.messages.push({ ...input, tenantId });
        return { id: "m" };
      },
    }),
  ];
}

/** Rows of the database, past row-level security. */
export async function rows(t: TestRuntime, text: string, values: unknown[] = []): Promise<Record<string, Json>[]> {
  const pool = openPool({ url: t.databaseUrl, scope: "engine", max: 1 });
  try {
    return (await pool.query<Record<string, Json>>(text, values)).rows;
  } finally {
    await pool.end();
  }
}
