/** What the engine works with in a process of the platform: its connections, the node types, and the outside world behind ports. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type pg from "pg";
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import type { Env } from "#shared/config.ts";
import { openPool } from "#shared/db/pool.ts";
import { openEvaluation } from "#shared/evaluation/process-threads.ts";
import { createEgressPolicy } from "#shared/fetch/egress.ts";
import { createGuardedFetch } from "#shared/fetch/fetch.ts";
import type { HintChannel } from "#shared/hints.ts";
import type { Log } from "#shared/log.ts";
import type { RunSecurityEvents } from "#shared/security-events.ts";
import { memoryClient } from "../client/memory.client.ts";
import { modelClient } from "../client/model.client.ts";
import { nodeJobsModule } from "../nodes/evaluation/evaluation.ts";
import type { NodePorts } from "../nodes/executor.ts";
import { nodeRegistry } from "../nodes/registry.ts";
import type { Executors } from "../owner/run-host.ts";
import { definedStatements } from "../queue/statement.ts";
import { openSandbox } from "../sandbox/open-sandbox.ts";
import { skillClient } from "../client/skill.client.ts";
import { toolClient } from "../client/tool.client.ts";
import { watchedExecutors } from "./watched-executors.ts";

/** What a process gives. */
export interface EngineHost {
  env: Pick<Env, "egressAllow" | "pythonBin" | "pythonPackages" | "maxTimeoutSeconds">;
  log: Log;
  hints: HintChannel;
  call: SubgraphCaller;
  databaseUrl: string;
  /** Opened at most; 4 unless given. */
  connections?: number;
  /** Of this process; made up unless given. Whoever is to free what the process held gives it. */
  claimMark?: string | undefined;
  /** Told what concerns security in runs that are executed here. */
  securityEvents?: RunSecurityEvents | undefined;
}

/** What the engine takes. Whoever made it closes it. */
export interface EngineParts {
  pool: pg.Pool;
  hints: HintChannel;
  log: Log;
  executors: Executors;
  ports: NodePorts;
  /** Stands in each row that is claimed; the pool's sessions say that the process is there. */
  claimMark: string;
  /** Ends the pool, the evaluation and the sandbox. */
  close(): Promise<void>;
}

/** Two for what goes out in two statements at a time (creates, flushes), two for all that comes between. */
const mostConnections = 4;

/** Makes the engine's parts; the pool works for all tenants, its connections are open and warm as soon as PostgreSQL lets them be. */
export function engineParts(host: EngineHost): EngineParts {
  const { env, log, hints, call, databaseUrl, connections = mostConnections, claimMark = randomUUID() } = host;
  const pool = openPool({
    url: databaseUrl,
    scope: "engine",
    max: connections,
    prepared: definedStatements(),
    presence: claimMark,
    applicationName: "agent-platform engine",
    statementTimeoutMs: 10_000,
    lockTimeoutMs: 2_000,
  });
  const evaluation = openEvaluation([nodeJobsModule]);
  const { pythonBin, pythonPackages, maxTimeoutSeconds } = env;
  const sandbox = openSandbox({ pythonBin, pythonPackages, maxTimeoutMs: maxTimeoutSeconds * 1_000 });
  const ports: NodePorts = {
    model: modelClient(call),
    tool: toolClient(call),
    memory: memoryClient(call),
    skill: skillClient(call),
    sandbox,
    fetch: createGuardedFetch(createEgressPolicy({ allow: env.egressAllow })),
    evaluation,
  };
  const close = async (): Promise<void> => {
    await Promise.all([evaluation.close(), sandbox.close()]);
    await pool.end();
  };
  return { pool, hints, log, executors: watchedExecutors(nodeRegistry(), host.securityEvents), ports, claimMark, close };
}

/** Connections for reads of runs' events alone: two statements of them are under way at most. */
export function openEventsPool(databaseUrl: string): pg.Pool {
  const prepared = definedStatements().filter(({ name }) => name === "events_read");
  const limits = { max: 2, statementTimeoutMs: 10_000, lockTimeoutMs: 2_000 };
  return openPool({ url: databaseUrl, scope: "engine", prepared, applicationName: "agent-platform events", ...limits });
}

/** What this process calls itself in node runs and leases. */
export function processWorkerKey(): string {
  return `${hostname()}:${process.pid}`;
}
