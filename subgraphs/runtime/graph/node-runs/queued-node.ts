/**
 * Ready nodes that have no row: nobody has started them, and the engine stores nothing that it can work out again. The graph shows
 * them as QUEUED (S-27), found by the same replay that an owner begins with.
 */
import type { Tx } from "#shared/db/database.ts";
import type { CompiledPlan } from "../../engine/plan.ts";
import { replay, type StoredNode } from "../../engine/replay.ts";
import { isStopped, type NodeState } from "../../engine/frame.ts";
import { depthOf, rootPath } from "../../engine/path.ts";
import { failedUsage, standing, type LoadedNode } from "../../queue/load.sql.ts";
import { NodeRun } from "./node-run.entity.ts";
import { nodeRunId } from "../../queue/node-run-id.ts";
import { epochMs } from "../../queue/statement.ts";
import { nodeRunStatusWord } from "../../queue/statuses.ts";
import { plansById } from "../../plan/stored-plan.sql.ts";

/** Above every row's number: what is not stored yet comes last in the order of creation. */
const firstQueuedSeq = 900_000_000;

/** More than a document has nodes. */
const nestedPlaces = 1_000_000;

interface OpenRun {
  id: string;
  planId: string;
  initialNode: string | null;
  createdMs: number;
  nodes: Pick<LoadedNode, "path" | "seq" | "status" | "doneSeq" | "route" | "failedUsage" | "opened">[];
}

// Only what decides what is ready: outputs stay where they are. Served by the primary keys.
const openRuns = `select r.id, r.plan_id as "planId", r.initial_node as "initialNode", ${epochMs("r.created_at")} as "createdMs",
    (select coalesce(json_agg(json_build_object('path', n.path, 'seq', n.seq, 'status', n.status, 'doneSeq', n.done_seq, 'route', n.route,
       'failedUsage', ${failedUsage}, 'opened', n.opened)), '[]')
     from runtime.node_run n where n.tenant_id = $2 and n.run_id = r.id and ${standing}) as nodes
  from runtime.run r where r.tenant_id = $2 and r.id = any($1) and r.status < 3`;

/** The queued nodes without rows of many runs, in document order; the result is in the order of `runIds`. */
export async function queuedNodes(tx: Tx, runIds: readonly string[]): Promise<NodeRun[][]> {
  const runs = await tx.sql<OpenRun>(openRuns, [[...new Set(runIds)], tx.tenantId]);
  const plans = await plansById(
    tx,
    runs.map(({ planId }) => planId),
  );
  const byRun = new Map(runs.map((run) => [run.id, readyNodes(run, plans.get(run.planId))]));
  return runIds.map((id) => byRun.get(id) ?? []);
}

function readyNodes(open: OpenRun, plan: CompiledPlan | undefined): NodeRun[] {
  if (plan === undefined) return [];
  const { run } = replay(plan, open.nodes.map(storedNode), open.initialNode ?? undefined);
  // After a failure that nothing handles no node starts any more.
  if (run.root.failure !== undefined) return [];
  return [...run.ready]
    .filter((state) => state.ends === undefined && state.drive === undefined && !isStopped(state))
    .sort((a, b) => depthOf(a.path) - depthOf(b.path) || a.node.index - b.node.index)
    .map((state, place) => queuedNode(open, state, place));
}

function storedNode({ path, seq, status, doneSeq, route, failedUsage: usage, opened }: OpenRun["nodes"][number]): StoredNode {
  const unread = { outputText: null, outputJson: null, stateUpdates: undefined, errorCode: null, errorMessage: null };
  return {
    path,
    seq,
    status: nodeRunStatusWord(status),
    doneSeq,
    route: route ?? undefined,
    usage: usage ?? undefined,
    opened: opened === null ? undefined : { count: opened.count ?? 1 },
    ...unread,
  };
}

function queuedNode(open: OpenRun, { path, node, frame }: NodeState, place: number): NodeRun {
  const none = {
    workerKey: null,
    waitReason: null,
    childRunId: null,
    answeredBy: null,
    answeredAt: null,
    errorCode: null,
    errorMessage: null,
    startedAt: null,
    endedAt: null,
  };
  return Object.assign(new NodeRun(), {
    ...none,
    id: nodeRunId(open.id, path),
    runId: open.id,
    path,
    parentPath: frame.path === rootPath ? null : frame.path,
    // Beneath the top places are those of the moment: items end and others begin.
    seq: firstQueuedSeq + (frame.path === rootPath ? node.index : nestedPlaces + place),
    nodeId: node.id,
    nodeType: node.type,
    status: "QUEUED" as const,
    attempt: 1,
    usage: { modelCalls: 0, promptTokens: 0, completionTokens: 0 },
    createdAt: new Date(open.createdMs),
  });
}
