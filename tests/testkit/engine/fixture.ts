/** An engine on a database of its own, with node types that do as a test says. It is closed, and its invariants are asserted, after the test that made it. */
import { pino } from "pino";
import type pg from "pg";
import { Database } from "#shared/db/database.ts";
import { LongValue } from "#shared/db/long-value.ts";
import { openPool } from "#shared/db/pool.ts";
import { newId } from "#shared/ids.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import type { PlanDocument } from "../../../subgraphs/runtime/engine/plan.ts";
import type { NodeExecutor, NodePorts } from "../../../subgraphs/runtime/nodes/executor.ts";
import { nodeRunStatusWord, runStatusWord, isTerminal } from "../../../subgraphs/runtime/queue/statuses.ts";
import { freezePlan } from "../../../subgraphs/runtime/plan/frozen-plan.ts";
import type { NewRun } from "../../../subgraphs/runtime/control/new-run.ts";
import { RunControl, type EngineDeps } from "../../../subgraphs/runtime/control/run-control.ts";
import { Worker, type WorkerOptions } from "../../../subgraphs/runtime/worker/worker.ts";
import { runtimeSubgraph } from "../../../subgraphs/runtime/subgraph.ts";
import { allDone } from "../all-done.ts";
import { createTestDatabase, type TestDatabase } from "../database.ts";
import { eventually } from "../eventually.ts";
import { assertCalls, assertInvariants } from "../invariants.ts";
import { fakeExecutors, type Calls } from "./fake-nodes.ts";
import { LocalHints } from "./local-hints.ts";
import { afterEachTest } from "../jest/suite-hooks.ts";

/** A run as it is stored. */
export interface RunView {
  status: string;
  outputText: string | null;
  outputJson: Json;
  state: JsonObject;
  errorCode: string | null;
  cancelReason: string | null;
  handledErrors: number;
  /** Status by path. */
  nodes: Record<string, string>;
}

const silentLog = pino({ level: process.env["ENGINE_TEST_LOG"] ?? "silent" });
/** Of the world outside nothing but an evaluation, which comes late, as a thread's does. */
const noPorts = {
  evaluation: {
    async run(job, args) {
      const jobs = (await import(job.module)) as Record<string, (args: unknown) => never>;
      return jobs[job.name]!(args);
    },
  },
} satisfies Pick<NodePorts, "evaluation"> as unknown as NodePorts;

/** Of the test that runs. */
const opened = new Set<EngineFixture>();
afterEachTest(() => EngineFixture.closeAll());

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
  readonly #isMadeUp: boolean;
  /** Leases that a test has let run out. */
  #setBacks = 0;
  readonly adminUrl: string;

  private constructor(database: TestDatabase, pool: pg.Pool, { applyWaitMs, madeUp }: { applyWaitMs: number; madeUp: boolean }) {
    this.url = database.url;
    this.adminUrl = database.adminUrl;
    this.#drop = database.drop;
    this.pool = pool;
    const { executors, calls } = fakeExecutors();
    this.executors = executors;
    this.calls = calls;
    this.#applyWaitMs = applyWaitMs;
    this.#isMadeUp = madeUp;
    this.control = this.newControl();
  }

  /** The API of another process of the subgraph. */
  newControl(more: Partial<EngineDeps> = {}): RunControl {
    const ports = { hints: this.hints, log: silentLog, executors: this.executors, ports: noPorts };
    const control = new RunControl({ pool: this.pool, ...ports, applyWaitMs: this.#applyWaitMs, ...more });
    this.#controls.push(control);
    return control;
  }

  /**
   * @param setup.applyWaitMs how long the control waits for a run's owner; two minutes, for where there is one it always comes to it.
   * @param setup.on a database of the test's own.
   * @param setup.madeUp rows are made up by the test: they need not be what an owner makes of a plan.
   */
  static async open({
    applyWaitMs = 120_000,
    madeUp = false,
    on,
  }: { applyWaitMs?: number; madeUp?: boolean; on?: TestDatabase } = {}): Promise<EngineFixture> {
    const database = on ?? (await createTestDatabase());
    const pool = openPool({ url: database.url, scope: "engine", max: 10 });
    const { rows } = await pool.query<{ present: boolean }>("select to_regclass('runtime.run') is not null as present");
    if (rows[0]?.present !== true) await migrateRuntime(database.url);
    const fixture = new EngineFixture(database, pool, { applyWaitMs, madeUp });
    opened.add(fixture);
    return fixture;
  }

  /** A worker with a pool of its own; started unless told otherwise. `sends` is asked before each of its statements, and waited for; what it throws is what comes of it. */
  worker({ sends, ...options }: Partial<WorkerOptions> & { start?: boolean; sends?: (sent: SentStatement) => unknown } = {}): Worker {
    const workerKey = options.workerKey ?? `worker-${this.#workers.length + 1}`;
    const pool = openPool({ url: this.url, scope: "engine", max: 4, applicationName: workerKey });
    if (sends !== undefined) watch(pool, sends);
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

  /** One statement, so that the run and its nodes are of one moment: who waits for a node may expect something of the run. */
  async view(runId: string): Promise<RunView> {
    const nodes = "select json_agg(json_build_array(n.path, n.status) order by n.seq) from runtime.node_run n where n.run_id = r.id";
    const { rows } = await this.pool.query(`select r.*, (${nodes}) as nodes from runtime.run r where r.id = $1`, [runId]);
    const run = rows[0];
    const stored = (run.nodes ?? []) as [path: string, status: number][];
    return {
      status: runStatusWord(run.status),
      outputText: run.output_text,
      outputJson: run.output_json,
      state: run.state,
      errorCode: run.error_code,
      cancelReason: run.cancel_reason,
      handledErrors: run.handled_errors,
      nodes: Object.fromEntries(stored.map(([path, status]) => [path, nodeRunStatusWord(status)])),
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
    this.#setBacks++;
    await this.pool.query("update runtime.work set visible_at = now() where run_id = $1 and lease is not null", [runId]);
  }

  finished(runId: string): Promise<RunView> {
    return this.until(runId, ({ status }) => isTerminal(status as never));
  }

  /** Ends with the invariants, after whatever runs has stopped. For tests that go on after it: any other is closed when its test has ended. */
  async close(): Promise<void> {
    try {
      await this.#stop();
      await assertInvariants(this.pool, !this.#isMadeUp);
      const others = Math.max(0, this.#workers.length + this.#controls.length - 2);
      assertCalls(this.calls.made, this.#setBacks + others);
    } finally {
      await this.#end();
    }
  }

  /** Closes all of them, also when the invariants of one do not hold. */
  static async closeAll(): Promise<void> {
    const all = [...opened];
    // Before the wait: one that hangs fails its own test, and none of the tests after it.
    opened.clear();
    await allDone(all.map((fixture) => fixture.close()));
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

/** A statement on its way, by its name. */
export interface SentStatement {
  name: string;
  values: readonly unknown[];
  /** Of all its parameters. */
  characters: number;
}

function watch(pool: pg.Pool, sends: (sent: SentStatement) => unknown): void {
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
  const watched = async (...args: unknown[]): Promise<unknown> => {
    const { name = "", values = [] } = args[0] as Partial<SentStatement>;
    const characters = values.reduce<number>(
      (sum, value) => sum + (typeof value === "string" || value instanceof LongValue ? value.length : 0),
      0,
    );
    const answer = sends({ name, values, characters });
    if (answer instanceof Promise) await answer;
    return query(...args);
  };
  Object.assign(pool, { query: watched });
}

async function migrateRuntime(url: string): Promise<void> {
  const options = { url, schema: "runtime", entities: [], migrations: runtimeSubgraph.migrations };
  const database = await Database.open(options);
  await database.migrate("runtime");
  await database.close();
}
