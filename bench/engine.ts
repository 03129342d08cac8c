/**
 * The engine as the benches drive it: a PostgreSQL of its own with fsync and synchronous_commit on (or that of BENCH_DATABASE_URL, a
 * superuser's), the workflow and runtime subgraphs opened as in production, runs created through the graph's own service.
 */
import { fork, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { EndpointRegistry } from "#shared/endpoint/caller.ts";
import { defaultEnv } from "#shared/config.ts";
import { HintBus } from "#shared/hints.ts";
import { newId } from "#shared/ids.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { createLog, type Log } from "#shared/log.ts";
import { createSecretBox } from "#shared/secret/secrets.ts";
import { openSubgraph, type RunningSubgraph } from "#shared/graphql/subgraph.ts";
import { migrateAll } from "../cli/compose/migrate.ts";
import { agentSubgraph } from "../subgraphs/agent/subgraph.ts";
import { modelSubgraph } from "../subgraphs/model/subgraph.ts";
import { engineParts } from "../subgraphs/runtime/worker/engine-parts.ts";
import { runtimeSubgraph } from "../subgraphs/runtime/subgraph.ts";
import type { RuntimeServices } from "../subgraphs/runtime/graph/runtime.context.ts";
import { freezePlan } from "../subgraphs/runtime/plan/frozen-plan.ts";
import { isTerminal, runStatusNumber, runStatusWord, type RunStatus } from "../subgraphs/runtime/queue/statuses.ts";
import { rehearseFor } from "../subgraphs/runtime/worker/rehearsal.ts";
import { Worker } from "../subgraphs/runtime/worker/worker.ts";
import { skillSubgraph } from "../subgraphs/skill/subgraph.ts";
import { toolSubgraph } from "../subgraphs/tool/subgraph.ts";
import { workflowSubgraph } from "../subgraphs/workflow/subgraph.ts";
import { postgresMs } from "./processes.ts";
import { givenServer, ownServer } from "./server.ts";
import { loader } from "./loader.ts";

/** A document to run. */
export interface BenchDsl {
  nodes: { id: string; type: string; config: JsonObject }[];
  edges: { source: string; target: string }[];
  /** Sub-workflows, as a plan has them. */
  workflows?: Record<string, Pick<BenchDsl, "nodes" | "edges">>;
}

/** What PostgreSQL has counted so far. */
export interface Counters {
  commits: number;
  rows: number;
  walBytes: number;
}

/** What PostgreSQL says at any moment about its work so far. */
export interface WorkSoFar {
  /** Of a server that counts statements: what these wrote. Else all, with what autovacuum writes meanwhile. */
  walBytes: number;
  /** Absent on a server that is not ours. */
  own?: { statements: number; cpuMs: number };
}

/** How an engine is opened. */
export interface BenchEngineOptions {
  /** A superuser's URL of a server to use; an embedded one of its own when undefined. */
  given: string | undefined;
  /** Addresses on loopback, host:port, that tool nodes call; the tool subgraph is opened where there are any. */
  tools?: string[];
  /** The address of a provider on loopback, host:port; the subgraphs of agents and models are opened where there is one. */
  model?: string | undefined;
}

/** A worker in this process. */
export interface BenchWorker {
  /** Resolves with the flush that ended the run. */
  whenEnded(runId: string): Promise<void>;
  /** Flushes so far, and runs that were in them: a run counts in each of its flushes. */
  readonly flushed: { flushes: number; runs: number };
  stop(): Promise<void>;
}

const info = { tenantId: "bench", requestId: "bench" };

/** One engine on one database. */
export class BenchEngine {
  readonly #closers: (() => Promise<unknown>)[];
  readonly #runtime: RunningSubgraph;
  readonly #workflow: RunningSubgraph;
  /** By name. */
  readonly #others: ReadonlyMap<string, RunningSubgraph>;
  readonly #admin: pg.Client;
  readonly #hints: HintBus;
  readonly #log: Log;
  readonly #registry: EndpointRegistry;
  readonly #postmaster: number | undefined;
  readonly url: string;

  private constructor(parts: {
    closers: (() => Promise<unknown>)[];
    runtime: RunningSubgraph;
    workflow: RunningSubgraph;
    others: ReadonlyMap<string, RunningSubgraph>;
    admin: pg.Client;
    hints: HintBus;
    log: Log;
    registry: EndpointRegistry;
    postmaster: number | undefined;
    url: string;
  }) {
    this.#closers = parts.closers;
    this.#runtime = parts.runtime;
    this.#workflow = parts.workflow;
    this.#others = parts.others;
    this.#admin = parts.admin;
    this.#hints = parts.hints;
    this.#log = parts.log;
    this.#registry = parts.registry;
    this.#postmaster = parts.postmaster;
    this.url = parts.url;
  }

  /** Opens it on a database of its own. */
  static async open({ given, tools = [], model }: BenchEngineOptions): Promise<BenchEngine> {
    const closers: (() => Promise<unknown>)[] = [];
    const { url, adminUrl, postmaster } = given === undefined ? await ownServer(closers) : await givenServer(given);
    const provider = model === undefined ? {} : { providerBaseUrl: `http://${model}/v1`, defaultModel: "scripted" };
    const env = defaultEnv({ databaseUrl: url, logLevel: "error", egressAllow: tools, ...provider });
    const log = createLog(env, "bench");
    await migrateAll(env, ["workflow", "runtime", "tool", ...(model === undefined ? [] : ["agent", "skill", "model"])]);
    const hints = new HintBus({ url, log });
    await hints.start();
    closers.push(() => hints.close());
    const registry = new EndpointRegistry();
    const open = async (definition: Parameters<typeof openSubgraph>[0]) => {
      const subgraph = await openSubgraph(definition, {
        env,
        log,
        hints,
        call: registry,
        secrets: createSecretBox(randomBytes(32).toString("hex")),
        databaseUrl: url,
      });
      registry.register(subgraph);
      closers.push(() => subgraph.close());
      return subgraph;
    };
    const workflow = await open(workflowSubgraph as never);
    const runtime = await open(runtimeSubgraph as never);
    const others = new Map<string, RunningSubgraph>();
    if (tools.length > 0) others.set("tool", await open(toolSubgraph as never));
    if (model !== undefined) {
      others.set("agent", await open(agentSubgraph as never));
      others.set("skill", await open(skillSubgraph as never));
      others.set("model", await open(modelSubgraph as never));
    }
    const admin = new pg.Client({ connectionString: adminUrl });
    await admin.connect();
    closers.push(() => admin.end());
    return new BenchEngine({ closers, runtime, workflow, others, admin, hints, log, registry, postmaster, url });
  }

  /** Vacuums and analyzes all tables now, so that no autovacuum does it beside what is measured, whose processor time it would be. */
  async settle(): Promise<void> {
    await this.#admin.query("vacuum (freeze, analyze)");
    await this.#admin.query("checkpoint");
  }

  /** Makes a workflow version of a document and gives its id. */
  async createVersion(dsl: BenchDsl): Promise<string> {
    const code = `b${newId()}`;
    const app = await this.#ask<{ createApp: { id: string } }>(
      this.#workflow,
      `mutation ($code: String!) { createApp(input: { code: $code, name: "bench" }) { id } }`,
      { code },
    );
    const workflow = await this.#ask<{ createWorkflow: { id: string } }>(
      this.#workflow,
      `mutation ($appId: ID!, $code: String!) { createWorkflow(input: { appId: $appId, code: $code, name: "bench" }) { id } }`,
      { appId: app.createApp.id, code },
    );
    const version = await this.#ask<{ createWorkflowVersion: { id: string } }>(
      this.#workflow,
      `mutation ($workflowId: ID!, $dsl: JSON!) { createWorkflowVersion(input: { workflowId: $workflowId, dsl: $dsl, status: PUBLISHED }) { id } }`,
      { workflowId: workflow.createWorkflow.id, dsl },
    );
    return version.createWorkflowVersion.id;
  }

  /** Makes an agent with one tool, which posts to a URL. @returns its id */
  async createAgent(toolUrl: string, maxSteps: number): Promise<string> {
    const ask = async (name: string, field: string, input: object): Promise<string> => {
      const type = `${field[0]!.toUpperCase()}${field.slice(1)}Input`;
      const query = `mutation ($input: ${type}!) { made: ${field}(input: $input) { id } }`;
      return (await this.#ask<{ made: { id: string } }>(this.#others.get(name)!, query, { input })).made.id;
    };
    const toolId = await ask("tool", "createTool", { code: "do", name: "bench", toolType: "HTTP" });
    await ask("tool", "createToolVersion", { toolId, invokeConfig: { url: toolUrl, method: "POST" } });
    const bindingId = await ask("tool", "createToolBinding", { toolId, name: "bench" });
    const agentId = await ask("agent", "createAgent", { code: "bench", name: "bench" });
    await ask("agent", "createAgentVersion", { agentId, status: "PUBLISHED", role: "bench", maxSteps, toolBindingIds: [bindingId] });
    return agentId;
  }

  /** Asks an agent as the graph does. */
  async createAgentRun(agentId: string, inputText: string): Promise<string> {
    const { createAgentRun } = await this.#ask<{ createAgentRun: { id: string } }>(
      this.#runtime,
      `mutation BenchCreateAgentRun($input: CreateAgentRunInput!) { createAgentRun(input: $input) { id } }`,
      { input: { agentId, inputText } },
    );
    return createAgentRun.id;
  }

  /** Creates a run as the graph does. */
  async createRun(workflowVersionId: string, input: JsonObject = {}): Promise<string> {
    const { createRun } = await this.#ask<{ createRun: { id: string } }>(
      this.#runtime,
      `mutation BenchCreateRun($workflowVersionId: ID!, $input: JSONObject!) { createRun(input: { workflowVersionId: $workflowVersionId, input: $input }) { id } }`,
      { workflowVersionId, input },
    );
    return createRun.id;
  }

  /** Creates one run of a document that no workflow holds, by the same statement. */
  async createPlanned(dsl: BenchDsl): Promise<string> {
    const { control } = this.#runtime.context(info).services as RuntimeServices;
    const id = newId();
    await control.createRuns([{ id, plan: freezePlan(info.tenantId, dsl), ...info }]);
    return id;
  }

  /** Answers what a run waits for, as the graph does. */
  async answer(runId: string, path: string, outputJson: JsonObject): Promise<void> {
    const text = `mutation ($id: ID!, $json: JSON!) { resumeNodeRun(id: $id, input: { outputJson: $json }) { id } }`;
    await this.#ask(this.#runtime, text, { id: `${runId}:${path}`, json: outputJson });
  }

  /** Waits until so many runs have a status. */
  async untilAll(status: RunStatus, count: number): Promise<void> {
    const text = "select count(*)::int as count from runtime.run where status = $1";
    while ((await this.select<{ count: number }>(text, [runStatusNumber(status)]))[0]!.count < count) await sleep(100);
  }

  /** Waits until a run has ended, by its stored row; it is looked at with each hint of it. */
  async whenFinished(runId: string): Promise<void> {
    let wake: () => void = () => {};
    const end = this.#hints.subscribe("run", runId, () => wake());
    try {
      for (;;) {
        const hinted = new Promise<void>((resolve) => (wake = resolve));
        const [row] = await this.select<{ status: number }>("select status from runtime.run where id = $1", [runId]);
        if (row !== undefined && isTerminal(runStatusWord(row.status))) return;
        await Promise.race([hinted, sleep(20)]);
      }
    } finally {
      end();
    }
  }

  /** A worker in this process, as the peers have theirs; resolves when platform and worker are ready, as one who starts the platform waits for it. */
  async startWorker(): Promise<BenchWorker> {
    const parts = engineParts({
      env: defaultEnv(),
      log: this.#log,
      hints: this.#hints,
      call: this.#registry,
      databaseUrl: this.url,
    });
    const worker = new Worker({ ...parts, databaseUrl: this.url, workerKey: "bench" });
    const ended = new Set<string>();
    const waiting = new Map<string, () => void>();
    worker.signals.on("released", (runId) => {
      const resolve = waiting.get(runId);
      if (resolve === undefined) ended.add(runId);
      else resolve();
      waiting.delete(runId);
    });
    const flushed = { flushes: 0, runs: 0 };
    worker.signals.on("flushed", (runIds) => {
      flushed.flushes++;
      flushed.runs += runIds.length;
    });
    worker.start();
    // Not side by side: as `npm start` has them they are two processes.
    await rehearseFor(worker, parts).ended;
    await Promise.all([worker.ready, this.#runtime.warm()]);
    return {
      flushed,
      whenEnded: (runId) => (ended.delete(runId) ? Promise.resolve() : new Promise((resolve) => waiting.set(runId, resolve))),
      async stop() {
        await worker.stop();
        await parts.close();
      },
    };
  }

  /** A worker in a process of its own; resolves when it has told that it runs. */
  async forkWorker(): Promise<ChildProcess> {
    const child = fork(fileURLToPath(new URL("./children/worker-child.ts", import.meta.url)), [this.url], {
      execArgv: loader,
    });
    await once(child, "message");
    return child;
  }

  /** Rows of one SELECT. */
  async select<Row extends object>(text: string, values: Json[] = []): Promise<Row[]> {
    return (await this.#admin.query<Row>(text, values)).rows;
  }

  /** Waits until PostgreSQL's counters have settled (an idle backend reports after 10 s), then reads them. */
  async counters(): Promise<Counters> {
    await new Promise((resolve) => setTimeout(resolve, 11_000));
    const [row] = await this.select<{ commits: string; rows: string }>(
      `select (select xact_commit from pg_stat_database where datname = current_database()) as commits,
         (select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables where schemaname = 'runtime') as rows`,
    );
    const { walBytes } = await this.workSoFar();
    return { commits: Number(row!.commits), rows: Number(row!.rows), walBytes };
  }

  /** Reads what has been done so far, at once. */
  async workSoFar(): Promise<WorkSoFar> {
    if (this.#postmaster === undefined) {
      const [row] = await this.select<{ wal: string }>("select (pg_current_wal_insert_lsn() - '0/0')::text as wal");
      return { walBytes: Number(row!.wal) };
    }
    const [counted] = await this.select<{ statements: number; wal: string }>(
      `select sum(calls)::int as statements, sum(wal_bytes)::text as wal from pg_stat_statements
       where dbid = (select oid from pg_database where datname = current_database())`,
    );
    const { statements, wal } = counted!;
    return { walBytes: Number(wal), own: { statements, cpuMs: postgresMs(this.#postmaster) } };
  }

  async close(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
  }

  async #ask<D>(subgraph: RunningSubgraph, query: string, variables: Record<string, unknown>): Promise<D> {
    const { data, errors } = await subgraph.execute({ query, variables, info });
    if (errors?.length) throw new Error(errors.map((error) => error.message).join("\n"));
    return data as D;
  }
}
