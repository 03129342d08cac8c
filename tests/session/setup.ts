import { AppError } from "#shared/errors.ts";
import { sessionSubgraph } from "../../subgraphs/session/subgraph.ts";
import { fakeEndpoint } from "../testkit/fake-endpoint.ts";
import { openTestSubgraph, type TestSubgraph } from "../testkit/subgraph.ts";

type Version = { id: string; status: string; workflow: { id: string; app: { id: string } } };
type AppVersion = { id: string; app: { id: string }; workflowVersion: Version };

/** What the fake workflow subgraph knows; tests change it. */
export class FakeWorkflows {
  apps = new Map<
    string,
    { id: string; deletedAt: string | null; publishedVersion: AppVersion | null; workflows: { edges: { node: object }[] } }
  >();
  versions = new Map<string, Version>();
  appVersions = new Map<string, AppVersion>();

  app(id: string, options: { deletedAt?: string; publishedVersion?: AppVersion } = {}): void {
    this.apps.set(id, { id, deletedAt: null, publishedVersion: null, workflows: { edges: [] }, ...options });
  }

  version(id: string, { app = "app-1", status = "PUBLISHED" } = {}): Version {
    const version = { id, status, workflow: { id: `workflow-of-${id}`, app: { id: app } } };
    this.versions.set(id, version);
    return version;
  }

  appVersion(id: string, workflowVersion: Version, app = "app-1"): AppVersion {
    const appVersion = { id, app: { id: app }, workflowVersion };
    this.appVersions.set(id, appVersion);
    return appVersion;
  }

  workflow(app: string, id: string, publishedVersion: Version | null): void {
    this.apps.get(app)!.workflows.edges.push({ node: { id, publishedVersion } });
  }
}

/** Creates runs by idempotency key, as the runtime does; `failWith` refuses, `loseAnswers` creates them and then fails. */
export class FakeRuntime {
  inputs: { idempotencyKey: string; [name: string]: unknown }[] = [];
  runs = new Map<string, string>();
  failWith: AppError | undefined;
  loseAnswers = 0;

  create(input: { idempotencyKey: string }): { id: string } {
    this.inputs.push(input);
    if (this.failWith) throw this.failWith;
    const id = this.runs.get(input.idempotencyKey) ?? `run-${this.runs.size + 1}`;
    this.runs.set(input.idempotencyKey, id);
    if (this.loseAnswers-- > 0) throw new AppError("DOWNSTREAM_UNAVAILABLE", "LOST", "The answer was lost.");
    return { id };
  }
}

const workflowTypes = `
  type Query { app(id: ID!): App appVersion(id: ID!): AppVersion workflowVersion(id: ID!): WorkflowVersion }
  type App { id: ID! deletedAt: String publishedVersion: AppVersion workflows(first: Int): WorkflowConnection! }
  type AppVersion { id: ID! app: App! workflowVersion: WorkflowVersion! }
  type Workflow { id: ID! app: App! publishedVersion: WorkflowVersion }
  type WorkflowVersion { id: ID! status: String! workflow: Workflow! }
  type WorkflowConnection { edges: [WorkflowEdge!]! }
  type WorkflowEdge { node: Workflow! }`;

const runtimeTypes = `
  scalar JSONObject
  enum RunExecution { WORKERS MANUAL }
  type Query { none: ID }
  type Mutation { createRun(input: CreateRunInput!): Run! }
  type Run { id: ID! }
  input InitialNodeInput { nodeId: String! nodeType: String }
  input CreateRunInput { appId: ID appVersionId: ID workflowId: ID workflowVersionId: ID sessionId: ID input: JSONObject initialNode: InitialNodeInput execution: RunExecution = WORKERS idempotencyKey: String priority: Int = 0 }`;

/** The session subgraph between a fake workflow and a fake runtime, with one app, `app-1`, and one session of it. */
export async function setup(): Promise<TestSubgraph & { workflows: FakeWorkflows; runtime: FakeRuntime; sessionId: string }> {
  const workflows = new FakeWorkflows();
  const runtime = new FakeRuntime();
  const test = await openTestSubgraph(sessionSubgraph);
  const byId =
    <T>(map: Map<string, T>) =>
    ({ id }: { id: string }) =>
      map.get(id) ?? null;
  test.registry.register(
    fakeEndpoint("workflow", workflowTypes, {
      app: byId(workflows.apps),
      appVersion: byId(workflows.appVersions),
      workflowVersion: byId(workflows.versions),
    }),
  );
  test.registry.register(
    fakeEndpoint("runtime", runtimeTypes, { createRun: ({ input }: { input: { idempotencyKey: string } }) => runtime.create(input) }),
  );
  workflows.app("app-1");
  const { createSession } = await test.ask<{ createSession: { id: string } }>(
    `mutation { createSession(input: { appId: "app-1", userId: "ann" }) { id } }`,
  );
  return { ...test, workflows, runtime, sessionId: createSession.id };
}
