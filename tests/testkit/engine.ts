/** An engine on a database of its own, with node types that do as a test says. */
import { EventEmitter } from "node:events";
import { pino } from "pino";
import type pg from "pg";
import { Database } from "#shared/db/database.ts";
import { openPool } from "#shared/db/pool.ts";
import type { HintChannel, HintListener } from "#shared/hints.ts";
import { newId } from "#shared/ids.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import type { PlanDocument, PlanNode } from "../../subgraphs/runtime/engine/plan.ts";
import type { NodeContext, NodeExecutor, NodeOutcome, NodePorts } from "../../subgraphs/runtime/nodes/executor.ts";
import { nodeRunStatusWord, runStatusWord, isTerminal } from "../../subgraphs/runtime/queue/statuses.ts";
import { freezePlan } from "../../subgraphs/runtime/plan/frozen-plan.ts";
import type { NewRun } from "../../subgraphs/runtime/control/new-run.ts";
import { RunControl } from "../../subgraphs/runtime/control/run-control.ts";
import { Worker, type WorkerOptions } from "../../subgraphs/runtime/worker/worker.ts";
import { runtimeSubgraph } from "../../subgraphs/runtime/subgraph.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { eventually } from "./eventually.ts";
import { assertInvariants } from "./invariants.ts";

/** Hints within the process; may be silenced, as hints may be lost. */
export class LocalHints implements HintChannel {
  readonly #listeners = new Map<string, Set<HintListener>>();
  readonly sent: [topic: string, key: string, body: Json | undefined][] = [];
  /** Emits "published" for every hint, of those too that nobody hears because they are silenced. */
  readonly tap = new EventEmitter<{ published: [topic: string, key: string] }>().setMaxListeners(0);
  isSilent = false;

  publish(topic: string, key: string, body?: Json): void {
    if (topic === "delta") this.sent.push([topic, key, body]);
    this.tap.emit("published", topic, key);
    if (this.isSilent) return;
    setImmediate(() => {
      for (const id of [`${topic} ${key}`, `${topic} *`]) for (const listener of this.#listeners.get(id) ?? []) listener(key, body);
    });
  }

  subscribe(topic: string, key: string, listener: HintListener): () => void {
    const id = `${topic} ${key}`;
    const set = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, set.add(listener));
    return () => set.delete(listener);
  }
}

/** A call of an outside node that the test ends. */
export interface HeldCall {
  context: NodeContext;
  end(outcome?: NodeOutcome): void;
}

/** What the node types of {@link fakeExecutors} did. */
export interface Calls {
  /** Node ids in the order in which they were called. */
  readonly log: string[];
  /** Calls of `hold` nodes that nobody has ended, by node run id. */
  readonly held: Map<string, HeldCall>;
  /** Resolves when a `hold` node of that id is called. */
  heldNode(nodeId: string): Promise<HeldCall>;
  /** Attempts that `flaky` nodes have made, by node run id. */
  readonly attempts: Map<string, number>;
}

/**
 * pure: completes with config.output. branch: config.route. assign: config.updates. hold: an outside call that the test ends. call: an outside
 * call of config.ms. person, timer: wait. unstorable: the character config.code. flaky: fails config.failures times. fail: fails. echo: completes with the scope that it sees.
 */
export function fakeExecutors(): { executors: (type: string) => NodeExecutor | undefined; calls: Calls } {
  const waiters = new Map<string, (call: HeldCall) => void>();
  const calls: Calls = {
    log: [],
    held: new Map(),
    attempts: new Map(),
    heldNode(nodeId) {
      const known = [...calls.held.values()].find(({ context }) => context.nodeId === nodeId);
      return known === undefined ? new Promise((resolve) => waiters.set(nodeId, resolve)) : Promise.resolve(known);
    },
  };
  const pure = (run: (context: NodeContext) => NodeOutcome): NodeExecutor => ({
    effect: "pure",
    run: (context) => logged(calls, context, run),
  });
  const outside = (run: (context: NodeContext) => NodeOutcome | Promise<NodeOutcome>): NodeExecutor => ({
    effect: "outside",
    run: (context) => logged(calls, context, run),
  });
  const types: Record<string, NodeExecutor> = {
    pure: pure(({ config, nodeId }) => ({ kind: "completed", outputText: nodeId, outputJson: config["output"] ?? null })),
    answer: pure(({ config }) => ({ kind: "completed", outputText: String(config["answer"] ?? "") })),
    branch: pure(({ config }) => ({ kind: "completed", route: String(config["route"]) })),
    assign: pure(({ config }) => ({ kind: "completed", stateUpdates: config["updates"] as JsonObject })),
    echo: pure(({ scope }) => ({
      kind: "completed",
      outputJson: { state: scope.state, nodes: scope.nodes as unknown as Json, input: scope.input },
    })),
    // The characters cannot stand in a plan either.
    unstorable: pure(({ config }) => ({ kind: "completed", outputText: String.fromCharCode(Number(config["code"])) })),
    fail: pure(() => ({ kind: "failed", code: "BROKEN", message: "as told", retryable: false })),
    person: pure(() => ({ kind: "waiting", reason: "PERSON" })),
    timer: pure(({ config }) => ({ kind: "waiting", reason: "TIMER", delayMs: Number(config["ms"]) })),
    flaky: outside((context) => {
      const made = (calls.attempts.get(context.nodeRunId) ?? 0) + 1;
      calls.attempts.set(context.nodeRunId, made);
      const isOver = made > Number(context.config["failures"]);
      return isOver
        ? { kind: "completed", outputText: `attempt ${context.attempt}` }
        : { kind: "failed", code: "FLAKY", message: "try again", retryable: true };
    }),
    call: outside((context) => sleepFor(Number(context.config["ms"] ?? 0), context.signal)),
    hold: outside(
      (context) =>
        new Promise<NodeOutcome>((resolve) => {
          const call: HeldCall = {
            context,
            end(outcome = { kind: "completed", outputText: context.nodeId }) {
              calls.held.delete(context.nodeRunId);
              resolve(outcome);
            },
          };
          context.signal.addEventListener("abort", () =>
            call.end({ kind: "failed", code: "ABORTED", message: "aborted", retryable: false }),
          );
          calls.held.set(context.nodeRunId, call);
          waiters.get(context.nodeId)?.(call);
          waiters.delete(context.nodeId);
        }),
    ),
  };
  return { executors: (type) => types[type], calls };
}

function logged<T>(calls: Calls, context: NodeContext, run: (context: NodeContext) => T): T {
  calls.log.push(context.nodeId);
  return run(context);
}

function sleepFor(ms: number, signal: AbortSignal): Promise<NodeOutcome> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ kind: "completed", outputText: "called" }), ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve({ kind: "failed", code: "ABORTED", message: "aborted", retryable: false });
    });
  });
}

/** A node of a test's plan. */
export function node(id: string, type: string, config: JsonObject = {}, more: Partial<PlanNode> = {}): PlanNode {
  return { id, type, config, ...more };
}

/** A plan; edges as "a>b" or "a>b?route". */
export function plan(nodes: PlanNode[], edges: string[] = []): PlanDocument {
  return {
    nodes,
    edges: edges.map((edge) => {
      const [path = "", condition] = edge.split("?");
      const [source = "", target = ""] = path.split(">");
      return { source, target, ...(condition !== undefined && { condition }) };
    }),
  };
}

/** A run as it is stored. */
export interface RunView {
  status: string;
  outputText: string | null;
  outputJson: Json;
  state: JsonObject;
  errorCode: string | null;
  cancelReason: string | null;
  /** Status by path. */
  nodes: Record<string, string>;
}

const silentLog = pino({ level: process.env["ENGINE_TEST_LOG"] ?? "silent" });
const noPorts = {} as NodePorts;

const opened = new Set<EngineFixture>();

/** One engine: its database, hints, fakes and whatever a test starts of it. */
export class EngineFixture {
  readonly url: string;
  /** Engine scope. */
  readonly pool: pg.Pool;
  readonly hints = new LocalHints();
  readonly control: RunControl;
  readonly calls: Calls;
  readonly executors: (type: string) => NodeExecutor | undefined;
  readonly #controls: RunControl[] = [];
  readonly #workers: { worker: Worker; pool: pg.Pool }[] = [];
  readonly #drop: () => Promise<void>;
  readonly #applyWaitMs: number;
  readonly adminUrl: string;

  private constructor(database: TestDatabase, pool: pg.Pool, applyWaitMs: number) {
    this.url = database.url;
    this.adminUrl = database.adminUrl;
    this.#drop = database.drop;
    this.pool = pool;
    const { executors, calls } = fakeExecutors();
    this.executors = executors;
    this.calls = calls;
    this.#applyWaitMs = applyWaitMs;
    this.control = this.newControl();
  }

  /** The API of another process of the subgraph. */
  newControl(): RunControl {
    const ports = { hints: this.hints, log: silentLog, executors: this.executors, ports: noPorts };
    const control = new RunControl({ pool: this.pool, ...ports, applyWaitMs: this.#applyWaitMs });
    this.#controls.push(control);
    return control;
  }

  /** @param setup.applyWaitMs how long the control waits for a run's owner; two minutes, for where there is one it always comes to it. */
  static async open({ applyWaitMs = 120_000 } = {}): Promise<EngineFixture> {
    const database = await createTestDatabase();
    const pool = openPool({ url: database.url, scope: "engine", max: 10 });
    const { rows } = await pool.query<{ present: boolean }>("select to_regclass('runtime.run') is not null as present");
    if (rows[0]?.present !== true) await migrateRuntime(database.url);
    const fixture = new EngineFixture(database, pool, applyWaitMs);
    opened.add(fixture);
    return fixture;
  }

  /** A worker with a pool of its own; started unless told otherwise. */
  worker(options: Partial<WorkerOptions> & { start?: boolean } = {}): Worker {
    const workerKey = options.workerKey ?? `worker-${this.#workers.length + 1}`;
    const pool = openPool({ url: this.url, scope: "engine", max: 4, applicationName: workerKey });
    const base = { databaseUrl: this.url, hints: this.hints, log: silentLog, executors: this.executors, ports: noPorts };
    const worker = new Worker({ ...base, ...options, pool, workerKey });
    this.#workers.push({ worker, pool });
    if (options.start !== false) worker.start();
    return worker;
  }

  /** Creates one run of tenant "acme". @returns its id. */
  async create(document: PlanDocument, more: Partial<NewRun> = {}): Promise<string> {
    const tenantId = more.tenantId ?? "acme";
    const [made] = await this.control.createRuns([
      { id: newId(), requestId: "test", ...more, tenantId, plan: freezePlan(tenantId, document) },
    ]);
    if (made === undefined) throw new Error("no run was made");
    return made.id;
  }

  async view(runId: string): Promise<RunView> {
    const { rows } = await this.pool.query("select * from runtime.run where id = $1", [runId]);
    const nodes = await this.pool.query("select path, status from runtime.node_run where run_id = $1 order by seq", [runId]);
    const run = rows[0];
    return {
      status: runStatusWord(run.status),
      outputText: run.output_text,
      outputJson: run.output_json,
      state: run.state,
      errorCode: run.error_code,
      cancelReason: run.cancel_reason,
      nodes: Object.fromEntries(nodes.rows.map((row) => [row.path, nodeRunStatusWord(row.status)])),
    };
  }

  /** Reads the run after each of its flushes until `isThere`; what the stored rows say is the only truth. */
  until(runId: string, isThere: (view: RunView) => boolean): Promise<RunView> {
    const wake = (again: () => void) => {
      const heard = (_topic: string, key: string) => key === runId && again();
      this.hints.tap.on("published", heard);
      return () => this.hints.tap.off("published", heard);
    };
    return eventually(() => this.view(runId), isThere, { wake });
  }

  /** Lets the leases of a run and of its offered nodes run out now, as time would. */
  async leasesEnd(runId: string): Promise<void> {
    await this.pool.query("update runtime.work set visible_at = now() where run_id = $1 and lease is not null", [runId]);
  }

  finished(runId: string): Promise<RunView> {
    return this.until(runId, ({ status }) => isTerminal(status as never));
  }

  /** Ends with the invariants, after whatever runs has stopped. */
  async close(): Promise<void> {
    try {
      await this.#stop();
      await assertInvariants(this.pool);
    } finally {
      await this.#end();
    }
  }

  /** For afterEach: ends what failed tests left running. */
  static async closeLeft(): Promise<void> {
    for (const fixture of opened) {
      await fixture.#stop();
      await fixture.#end();
    }
  }

  async #stop(): Promise<void> {
    for (const { worker } of this.#workers) await worker.kill();
    for (const control of this.#controls) await control.close();
  }

  async #end(): Promise<void> {
    opened.delete(this);
    for (const { pool } of this.#workers) await pool.end();
    await this.pool.end();
    await this.#drop();
  }
}

async function migrateRuntime(url: string): Promise<void> {
  const options = { url, schema: "runtime", entities: [], migrations: runtimeSubgraph.migrations };
  const database = await Database.open(options);
  await database.migrate("runtime");
  await database.close();
}
