import type { Env } from "#shared/config.ts";
import { whenOpen } from "#shared/db/pool.ts";
import { defineSubgraph } from "#shared/graphql/subgraph.ts";
import { ArtifactResolver } from "./graph/artifact.resolver.ts";
import { engineParts, openEventsPool, processWorkerKey } from "./worker/engine-parts.ts";
import { Runtime0001 } from "./migrations/0001-runtime.ts";
import { OutboxLease0002 } from "./migrations/0002-outbox-lease.ts";
import { DerivedInput0003 } from "./migrations/0003-derived-input.ts";
import { JsonAsWritten0004 } from "./migrations/0004-json-as-written.ts";
import { TerminalRefusal0005 } from "./migrations/0005-terminal-refusal.ts";
import { CompanyAndOrphans0006 } from "./migrations/0006-company-and-orphans.ts";
import { RunSpanAttributes0007 } from "./migrations/0007-run-span-attributes.ts";
import { EngineRole0008 } from "./migrations/0008-engine-role.ts";
import { HandledErrors0009 } from "./migrations/0009-handled-errors.ts";
import { Frames0010 } from "./migrations/0010-frames.ts";
import { Loops0011 } from "./migrations/0011-loops.ts";
import { People0012 } from "./migrations/0012-people.ts";
import { Subjects0013 } from "./migrations/0013-subjects.ts";
import { Keep0014 } from "./migrations/0014-keep.ts";
import { Builders0016 } from "./migrations/0016-builders.ts";
import type { NodeExecutor } from "./nodes/executor.ts";
import { nodeRegistry } from "./nodes/registry.ts";
import { LinkResolver } from "./graph/link.resolver.ts";
import { NodeRunResolver } from "./graph/node-run.resolver.ts";
import { DatabaseGauges } from "./control/database-gauges.ts";
import { OutboxPump } from "./control/outbox-pump.ts";
import { NodeRunUpdateResolver, RunEventResolver, TraceSpanRecordResolver } from "./graph/run-event.resolver.ts";
import { agentRunOf, AgentRunResolver, AgentRunsResolver } from "./graph/agent-run.resolver.ts";
import { AppRunsResolver, SessionRunsResolver, WorkflowRunsResolver } from "./graph/run-lists.resolver.ts";
import { DocumentCache } from "./plan/document-cache.ts";
import { Run } from "./graph/run.entity.ts";
import { runtimeLoaders, type RuntimeLoaders } from "./graph/run.loaders.ts";
import { QuotaResolver } from "./graph/quota.resolver.ts";
import { RunResolver } from "./graph/run.resolver.ts";
import type { RuntimeServices } from "./graph/runtime.context.ts";
import { SpanResolver } from "./graph/span.resolver.ts";
import { TenantQuotas } from "./control/tenant-quotas.ts";
import { RunRemoval } from "./control/run-removal.ts";
import type { QuotaLimits } from "./queue/quota.sql.ts";
import { RunControl, type EngineDeps } from "./control/run-control.ts";
import { WaitingLinkResolver, WaitingResolver } from "./graph/waiting.resolver.ts";
import { watchedExecutors } from "./worker/watched-executors.ts";

/**
 * The subgraph.
 *
 * @param extraNodes  node types beside the DSL's, such as one that waits in a test.
 * @param control  what its control does otherwise than it would, such as wait for a run's owner longer.
 */
export function runtimeDefinition(extraNodes: Readonly<Record<string, NodeExecutor>> = {}, control: Pick<EngineDeps, "applyWaitMs"> = {}) {
  return defineSubgraph<RuntimeLoaders, RuntimeServices>({
    name: "runtime",
    entities: [Run],
    resolvers: [
      RunResolver,
      NodeRunResolver,
      QuotaResolver,
      WaitingResolver,
      WaitingLinkResolver,
      LinkResolver,
      ArtifactResolver,
      SpanResolver,
      RunEventResolver,
      NodeRunUpdateResolver,
      TraceSpanRecordResolver,
      AppRunsResolver,
      WorkflowRunsResolver,
      SessionRunsResolver,
      AgentRunResolver,
      AgentRunsResolver,
    ],
    references: {
      Run: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.run.load(id))),
      NodeRun: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.nodeRun.load(id))),
      NodeArtifact: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.artifact.load(id))),
      TraceSpan: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.span.load(id))),
      AgentRun: (ids, { loaders }) => Promise.all(ids.map(async (id) => agentRunOf(await loaders.run.load(id)))),
      Agent: stubs,
      App: stubs,
      Workflow: stubs,
      Session: stubs,
    },
    migrations: [
      { name: "0001-runtime", class: Runtime0001 },
      { name: "0002-outbox-lease", class: OutboxLease0002 },
      { name: "0003-derived-input", class: DerivedInput0003 },
      { name: "0004-json-as-written", class: JsonAsWritten0004 },
      { name: "0005-terminal-refusal", class: TerminalRefusal0005 },
      { name: "0006-company-and-orphans", class: CompanyAndOrphans0006 },
      { name: "0007-run-span-attributes", class: RunSpanAttributes0007 },
      { name: "0008-engine-role", class: EngineRole0008 },
      { name: "0009-handled-errors", class: HandledErrors0009 },
      { name: "0010-frames", class: Frames0010 },
      { name: "0011-loops", class: Loops0011 },
      { name: "0012-people", class: People0012 },
      { name: "0013-subjects", class: Subjects0013 },
      { name: "0014-keep", class: Keep0014 },
      { name: "0016-builders", class: Builders0016 },
    ],
    loaders: ({ db, services }) => runtimeLoaders(db, services.evaluation),
    async open(deps) {
      // One less than a worker's: reads of events have connections of their own.
      const { engineUrl = deps.databaseUrl } = deps;
      const parts = engineParts({ ...deps, databaseUrl: engineUrl, connections: 3 });
      const eventsPool = openEventsPool(engineUrl);
      const executors = watchedExecutors(nodeRegistry(extraNodes), deps.securityEvents);
      const removal = new RunRemoval({ databaseUrl: engineUrl, log: deps.log, keepDays: deps.env.retentionRunsDays });
      removal.start();
      const own = { runsDeleted: () => removal.wanted(), executors, workerKey: `api ${processWorkerKey()}` };
      const runControl = new RunControl({ ...parts, ...own, ...control, eventsPool });
      runControl.start();
      const pump = new OutboxPump({ ...deps, db: parts.pool });
      const gauges = new DatabaseGauges({ databaseUrl: engineUrl, log: deps.log });
      const close = async () => {
        await Promise.all([gauges.close(), removal.close()]);
        await pump.close();
        await runControl.close();
        await Promise.all([parts.close(), eventsPool.end()]);
      };
      const { evaluation } = parts.ports;
      const quotas = new TenantQuotas({ db: parts.pool, log: deps.log, defaults: quotaDefaults(deps.env) });
      const warm = Promise.all([whenOpen(parts.pool), whenOpen(eventsPool)]);
      return { services: { control: runControl, outbox: pump, quotas, documents: new DocumentCache(), evaluation }, close, warm };
    },
  });
}

function quotaDefaults({ quotaQueuedRuns, quotaRunningRuns, quotaRunsPerHour, quotaStorageMib }: Env): QuotaLimits {
  return {
    queuedRuns: quotaQueuedRuns ?? null,
    runningRuns: quotaRunningRuns ?? null,
    runsPerHour: quotaRunsPerHour ?? null,
    storageMib: quotaStorageMib ?? null,
  };
}

/** Runs, and everything that happens in them; the one engine. */
export const runtimeSubgraph = runtimeDefinition();

/** Other subgraphs say whether these exist; here every id has a list of runs, perhaps an empty one. */
function stubs(ids: readonly string[]): Promise<{ id: string }[]> {
  return Promise.resolve(ids.map((id) => ({ id })));
}
