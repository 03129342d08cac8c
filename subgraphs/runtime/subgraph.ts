import type { Env } from "#shared/config.ts";
import { whenOpen } from "#shared/db/pool.ts";
import { defineSubgraph, type SubgraphDefinition } from "#shared/graphql/subgraph.ts";
import { ArtifactResolver } from "./graph/node-runs/artifact.resolver.ts";
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
import { ChildRuns0015 } from "./migrations/0015-child-runs.ts";
import { Builders0016 } from "./migrations/0016-builders.ts";
import { Triggers0017 } from "./migrations/0017-triggers.ts";
import { TeamRuns0019 } from "./migrations/0019-team-runs.ts";
import { FaultsAndMocks0020 } from "./migrations/0020-faults-and-mocks.ts";
import { OwnFaults0021 } from "./migrations/0021-own-faults.ts";
import { PartsByParent0022 } from "./migrations/0022-parts-by-parent.ts";
import { SkillRuns0023 } from "./migrations/0023-skill-runs.ts";
import { Gates0025 } from "./migrations/0025-gates.ts";
import { Story0026 } from "./migrations/0026-story.ts";
import { RunInItsPage0027 } from "./migrations/0027-run-in-its-page.ts";
import { IterationProgress0028 } from "./migrations/0028-iteration-progress.ts";
import type { NodeExecutor } from "./nodes/executor.ts";
import { Gates } from "./owner/gates.ts";
import { nodeRegistry } from "./nodes/registry.ts";
import { LinkResolver } from "./graph/waiting/link.resolver.ts";
import { NodeRunResolver } from "./graph/node-runs/node-run.resolver.ts";
import { DatabaseGauges } from "./control/database-gauges.ts";
import { rehearseCreates } from "./control/create-rehearsal.ts";
import { AwaitedRuns } from "./control/awaited-runs.ts";
import { findFailureRun } from "./control/failure-runs.ts";
import { OutboxPump } from "./control/outbox-pump.ts";
import { RunMessages } from "./control/run-messages.ts";
import { SessionAnswers } from "./control/session-answers.ts";
import { NodeRunUpdateResolver, RunEventResolver, TraceSpanRecordResolver } from "./graph/watching/run-event.resolver.ts";
import { agentRunOf, AgentRunResolver, AgentRunsResolver } from "./graph/subjects/agent-run.resolver.ts";
import { skillRunOf, SkillRunResolver, SkillRunsResolver } from "./graph/subjects/skill-run.resolver.ts";
import { teamRunOf, TeamRunResolver, TeamRunsResolver } from "./graph/subjects/team-run.resolver.ts";
import { AppRunsResolver, SessionRunsResolver, WorkflowRunsResolver } from "./graph/run-lists.resolver.ts";
import { DocumentCache } from "./plan/document-cache.ts";
import { Run } from "./graph/run.entity.ts";
import { runtimeLoaders, type RuntimeLoaders } from "./graph/run.loaders.ts";
import { QuotaResolver } from "./graph/quota.resolver.ts";
import { RunLineResolver } from "./graph/run-line.resolver.ts";
import { RunResolver } from "./graph/run.resolver.ts";
import type { RuntimeServices } from "./graph/runtime.context.ts";
import { SpanResolver } from "./graph/watching/span.resolver.ts";
import { TenantQuotas } from "./control/tenant-quotas.ts";
import { RunRemoval } from "./control/run-removal.ts";
import type { QuotaLimits } from "./queue/quota.sql.ts";
import { RunControl, type EngineDeps } from "./control/run-control.ts";
import { WaitingLinkResolver, WaitingResolver } from "./graph/waiting/waiting.resolver.ts";
import { ScheduleResolver, WorkflowSchedulesResolver } from "./trigger/schedule.resolver.ts";
import { Schedule } from "./trigger/schedule.entity.ts";
import { SchedulePump } from "./trigger/schedule-pump.ts";
import { triggerLoaders, type TriggerLoaders } from "./trigger/trigger.context.ts";
import { Webhook } from "./trigger/webhook.entity.ts";
import { HookCallResolver, WebhookResolver, WorkflowWebhooksResolver } from "./trigger/webhook.resolver.ts";
import { watchedExecutors } from "./worker/watched-executors.ts";

const resolvers = [
  RunResolver,
  RunLineResolver,
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
  ScheduleResolver,
  WorkflowSchedulesResolver,
  WebhookResolver,
  WorkflowWebhooksResolver,
  HookCallResolver,
  TeamRunResolver,
  TeamRunsResolver,
  SkillRunResolver,
  SkillRunsResolver,
];

type Loaders = RuntimeLoaders & TriggerLoaders;

const references: SubgraphDefinition<Loaders, RuntimeServices>["references"] = {
  Run: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.run.load(id))),
  NodeRun: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.nodeRun.load(id))),
  NodeArtifact: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.artifact.load(id))),
  TraceSpan: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.span.load(id))),
  AgentRun: (ids, { loaders }) => Promise.all(ids.map(async (id) => agentRunOf(await loaders.run.load(id)))),
  Schedule: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.schedule.load(id))),
  Webhook: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.webhook.load(id))),
  TeamRun: (ids, { loaders }) => Promise.all(ids.map(async (id) => teamRunOf(await loaders.run.load(id)))),
  SkillRun: (ids, { loaders }) => Promise.all(ids.map(async (id) => skillRunOf(await loaders.run.load(id)))),
  Agent: stubs,
  Team: stubs,
  Skill: stubs,
  App: stubs,
  Workflow: stubs,
  Session: stubs,
};

/**
 * The subgraph.
 *
 * @param extraNodes  node types beside the DSL's, such as one that waits in a test.
 * @param control  what its control does otherwise than it would, such as wait for a run's owner longer.
 */
export function runtimeDefinition(extraNodes: Readonly<Record<string, NodeExecutor>> = {}, control: Pick<EngineDeps, "applyWaitMs"> = {}) {
  return defineSubgraph<Loaders, RuntimeServices>({
    name: "runtime",
    entities: [Run, Schedule, Webhook],
    resolvers,
    references,
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
      { name: "0015-child-runs", class: ChildRuns0015 },
      { name: "0016-builders", class: Builders0016 },
      { name: "0017-triggers", class: Triggers0017 },
      { name: "0019-team-runs", class: TeamRuns0019 },
      { name: "0020-faults-and-mocks", class: FaultsAndMocks0020 },
      { name: "0021-own-faults", class: OwnFaults0021 },
      { name: "0022-parts-by-parent", class: PartsByParent0022 },
      { name: "0023-skill-runs", class: SkillRuns0023 },
      { name: "0025-gates", class: Gates0025 },
      { name: "0026-story", class: Story0026 },
      { name: "0027-run-in-its-page", class: RunInItsPage0027 },
      { name: "0028-iteration-progress", class: IterationProgress0028 },
    ],
    // Secrets of webhooks were under the tenant's key from the first.
    sealedTables: [],
    loaders: ({ db, services }) => ({ ...runtimeLoaders(db, services.evaluation), ...triggerLoaders(db) }),
    async open(deps) {
      // One less than a worker's: reads of events have connections of their own.
      const { engineUrl = deps.databaseUrl } = deps;
      const parts = engineParts({ ...deps, databaseUrl: engineUrl, connections: 3 });
      const eventsPool = openEventsPool(engineUrl);
      const executors = watchedExecutors(nodeRegistry(extraNodes), deps.securityEvents);
      const removal = new RunRemoval({ databaseUrl: engineUrl, log: deps.log, keepDays: deps.env.retentionRunsDays });
      removal.start();
      const gates = new Gates({ ...deps, db: parts.pool });
      gates.start();
      const { maxCrashes } = deps.env;
      const own = { runsDeleted: () => removal.wanted(), gates, executors, maxCrashes, workerKey: `api ${processWorkerKey()}` };
      const runControl = new RunControl({ ...parts, ...own, ...control, eventsPool });
      runControl.start();
      const quotas = new TenantQuotas({ db: parts.pool, log: deps.log, defaults: quotaDefaults(deps.env) });
      const documents = new DocumentCache();
      const { evaluation } = parts.ports;
      const answers = new SessionAnswers({ ...deps, db: parts.pool });
      const messages = new RunMessages({
        ...deps,
        db: parts.pool,
        // A batch of all tenants' messages waits for it.
        admit: (tenantId, movesNobody) => quotas.admit(tenantId, { isPart: true, movesNobody }),
        room: (tenantId) => quotas.room(tenantId),
        roomNow: (tenantId) => quotas.roomNow(tenantId),
        failureRun: (asked) => findFailureRun({ call: deps.call, documents, evaluation }, asked),
        gates,
      });
      const pumps = [answers, messages].map((delivery) => new OutboxPump({ ...deps, db: parts.pool, delivery }));
      const awaited = new AwaitedRuns({ db: parts.pool, log: deps.log });
      awaited.start();
      const gauges = new DatabaseGauges({ databaseUrl: engineUrl, log: deps.log });
      const schedules = new SchedulePump({ ...deps, db: parts.pool, documents, quotas, evaluation, gates });
      const close = async () => {
        await Promise.all([gauges.close(), removal.close(), awaited.close()]);
        await Promise.all([...pumps, schedules].map((pump) => pump.close()));
        await runControl.close();
        await Promise.all([parts.close(), eventsPool.end()]);
      };
      const warm = () => Promise.all([whenOpen(parts.pool).then(() => rehearseCreates(parts.pool)), whenOpen(eventsPool)]);
      return { services: { control: runControl, answers, quotas, documents, evaluation }, close, warm };
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
