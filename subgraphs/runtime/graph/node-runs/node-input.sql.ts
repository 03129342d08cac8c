/** Reads everything that the inputs of node runs are worked out from, for many node runs at once. */
import type { Tx } from "#shared/db/database.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import type { TemplateScope } from "#shared/template/scope.ts";
import { executedConfig, frameType } from "../../engine/composite.ts";
import { nodeOfPath, pathsBefore, type CompiledNode, type CompiledPlan } from "../../engine/plan.ts";
import type { NodeOutput } from "../../engine/frame.ts";
import { framePath, framePathOf, lastSegment, nodeIdOfPath, pathBeneath, rootPath } from "../../engine/path.ts";
import { placeOfMember } from "../../engine/drivers/team.driver.ts";
import { itemsOf, sightAt, varsAt, type StoredSight } from "../../engine/sight.ts";
import { itemOf } from "../../queue/load.sql.ts";
import { nodeRunId, parseNodeRunId, type NodeRunKey } from "../../queue/node-run-id.ts";
import { epochMs } from "../../queue/statement.ts";
import { runFacts } from "../../engine/run-facts.ts";
import { plansById } from "../../plan/stored-plan.sql.ts";

/** A node as its plan has it, and what its templates saw. */
export interface SeenNode {
  type: string;
  config: JsonObject;
  scope: TemplateScope;
  /** Of a member of a team: what it was given, which no template says; null: it has not begun. */
  given?: Json;
}

interface RunRow {
  id: string;
  planId: string;
  input: JsonObject;
  sessionId: string | null;
  history: Json[] | null;
  scopeNowMs: number;
  givenState: JsonObject | null;
  givenStateSeq: number | null;
}

interface StoredRow {
  runId: string;
  path: string;
  /** Number of its first event. */
  seq: number;
  doneSeq: number | null;
  stateUpdates: JsonObject | null;
  /** The sub-workflow whose state they are of; null: the run's. */
  statePath: string | null;
  /** What it wrote to the variables of a loop, and which. */
  loopUpdates: JsonObject | null;
  loopPath: string | null;
  /** It completed, or its failure was handled. */
  isOutput: boolean;
  /** Of a failure. */
  errorCode: string | null;
  errorMessage: string;
  text: string | null;
  output: Json;
}

/** A node of a run, found. */
export type AskedNode = NodeRunKey & { id: string; node: CompiledNode; plan: CompiledPlan; run: RunRow };

/** It, and the ids of the nodes whose outputs its texts read. */
export type ReadingNode = AskedNode & { nodesRead: readonly string[] };

// Served by the primary keys. Outputs only of nodes that are read; updates of the state, and of the variables of a loop, of all that wrote what is seen.
const storedRows = `select n.run_id as "runId", n.path, n.seq, n.done_seq as "doneSeq", n.state_updates as "stateUpdates",
    n.state_path as "statePath", n.loop_updates as "loopUpdates", n.loop_path as "loopPath", (n.status = 3 or n.status = 4 and n.route is not null) as "isOutput",
    case when n.status = 4 then n.error_code end as "errorCode", coalesce(n.error_message, '') as "errorMessage",
    case when k.wants then coalesce(n.output_text, o.content_text) end as text, case when k.wants then coalesce(n.output_json, o.content_json) end as output
  from runtime.node_run n
    left join (select run_id, path, bool_or(wants) as wants from unnest($1::text[], $2::text[], $3::bool[]) as x(run_id, path, wants) group by 1, 2) k
      using (run_id, path)
    left join runtime.artifact o on k.wants and o.tenant_id = $5 and o.id = n.output_artifact_id
  where n.tenant_id = $5 and n.run_id = any($4) and (k.path is not null or n.state_updates is not null and coalesce(n.state_path, '') = any($6)
    or n.loop_path = any($6))
  order by n.done_seq nulls last`;

/** Nodes with the scope that they saw when they began, by node run id: node runs without a row see what there is now. */
export async function seenNodes(tx: Tx, asked: readonly ReadingNode[]): Promise<Map<string, SeenNode>> {
  const keys = asked.flatMap(({ runId, path, nodesRead, plan }) => [
    { runId, path, wants: false },
    ...nodesRead.map((id) => ({ runId, path: pathBeneath(framePathOf(path), id), wants: true })),
    ...outerPaths(plan, path, nodesRead).map((outer) => ({ runId, path: outer, wants: true })),
  ]);
  const items = await itemsSeen(tx, asked);
  const rows = await tx.sql<StoredRow>(storedRows, [
    keys.map(({ runId }) => runId),
    keys.map(({ path }) => path),
    keys.map(({ wants }) => wants),
    [...new Set(asked.map(({ runId }) => runId))],
    tx.tenantId,
    [rootPath, ...new Set(asked.flatMap((one) => itemsOf(one.plan, frameSeen(one)).map(({ path }) => path)))],
  ]);
  const byRun = Map.groupBy(rows, ({ runId }) => runId);
  return new Map(
    asked.map((one) => {
      const { type } = one.node;
      const given = isMember(one) ? { given: items.get(nodeRunId(one.runId, framePath(one.path, 0))) ?? null } : {};
      return [one.id, { type, config: executedConfig(one.node), scope: scopeOf(one, byRun.get(one.runId) ?? [], items), ...given }];
    }),
  );
}

/** Nodes of the frames around a node that it reads. */
function outerPaths(plan: CompiledPlan, path: string, nodesRead: readonly string[]): string[] {
  if (framePathOf(path) === rootPath) return [];
  const read = new Set(nodesRead);
  return pathsBefore(plan, path).filter((outer) => framePathOf(outer) !== framePathOf(path) && read.has(nodeIdOfPath(outer)));
}

function isMember({ path }: AskedNode): boolean {
  return placeOfMember(lastSegment(path)) !== undefined;
}

/** The frame whose item a node run sees: of one that ends a frame, that frame. */
function frameSeen({ path, node }: AskedNode): string {
  return node.type === frameType ? path : framePathOf(path);
}

// Served by the primary keys: of an iteration with many items one artifact is read.
const storedItems = `select n.run_id || ':' || n.path || '#' || k.ordinal as id, ${itemOf("n", "k.ordinal")} as item
  from unnest($1::text[], $2::text[], $3::int[]) as k(run_id, path, ordinal) join runtime.node_run n using (run_id, path) where n.tenant_id = $4`;

/** Items by the ids that their frames have. */
async function itemsSeen(tx: Tx, asked: readonly AskedNode[]): Promise<ReadonlyMap<string, Json>> {
  const own = asked.filter(isMember).map(({ runId, path }) => ({ runId, path, ordinal: 0 }));
  const keys = [...own, ...asked.flatMap((one) => itemsOf(one.plan, frameSeen(one)).map((item) => ({ runId: one.runId, ...item })))];
  if (keys.length === 0) return new Map();
  const columns = [keys.map(({ runId }) => runId), keys.map(({ path }) => path), keys.map(({ ordinal }) => ordinal)];
  const rows = await tx.sql<{ id: string; item: Json }>(storedItems, [...columns, tx.tenantId]);
  return new Map(rows.map(({ id, item }) => [id, item]));
}

// Served by the primary key.
const runRows = `select id, plan_id as "planId", input, session_id as "sessionId", history, ${epochMs("coalesce(scope_now, created_at)")} as "scopeNowMs",
    given_state as "givenState", given_state_seq as "givenStateSeq" from runtime.run where tenant_id = $2 and id = any($1)`;

/** The nodes of these node runs as their plans have them. Unknown ids are left out. */
export async function askedNodes(tx: Tx, ids: readonly string[]): Promise<AskedNode[]> {
  const keys = ids.flatMap((id) => {
    const key = parseNodeRunId(id);
    return key === null ? [] : [{ id, ...key }];
  });
  const runIds = [...new Set(keys.map(({ runId }) => runId))];
  const runs = await tx.sql<RunRow>(runRows, [runIds, tx.tenantId]);
  const plans = await plansById(
    tx,
    runs.map(({ planId }) => planId),
  );
  const byId = new Map(runs.map((run) => [run.id, run]));
  return keys.flatMap((key) => {
    const run = byId.get(key.runId);
    const plan = run === undefined ? undefined : plans.get(run.planId);
    const node = plan && nodeOfPath(plan, key.path);
    return run === undefined || plan === undefined || node === undefined ? [] : [{ ...key, run, plan, node }];
  });
}

/** Outputs of its frame, of what leads to the frames around it, and the run's state as they stood before the node's first event. */
function scopeOf(asked: AskedNode, rows: readonly StoredRow[], items: ReadonlyMap<string, Json>): TemplateScope {
  const { path, plan, run, node } = asked;
  const seq = rows.find((row) => row.path === path)?.seq ?? Number.POSITIVE_INFINITY;
  const before = rows.filter((row) => row.isOutput && (row.doneSeq ?? seq) < seq);
  const byPath = new Map(before.map((row) => [row.path, row]));
  const stored: StoredSight = {
    outputOf(one) {
      const row = byPath.get(one);
      return row && outputOf(row);
    },
    itemOf: (composite, ordinal) => items.get(nodeRunId(run.id, framePath(composite, ordinal))),
    writtenOf: (composite) => {
      const own = before.filter(({ statePath, loopPath }) => statePath === composite || loopPath === composite);
      return merged(own.map((row) => (row.loopPath === composite ? row.loopUpdates : row.stateUpdates)));
    },
  };
  return {
    input: run.input,
    state: merged(stateWritten(run, before)),
    // In a sub-workflow these are its own.
    ...varsAt(plan, frameSeen(asked), stored),
    nodes: Object.fromEntries([
      ...(framePathOf(path) === rootPath ? [] : Object.entries(sightAt(plan, path, stored).outputs)),
      ...before
        .filter((row) => framePathOf(row.path) === framePathOf(path))
        .map((row): [string, NodeOutput] => [lastSegment(row.path), outputOf(row)]),
    ]),
    current: { node_id: node.id },
    ...runFacts(run),
  };
}

/** What was written to the run's state, in order. What it was given holds from its number on. */
function stateWritten({ givenState, givenStateSeq }: RunRow, before: readonly StoredRow[]): (JsonObject | null)[] {
  const given = givenStateSeq ?? 0;
  const updates = (isLater: boolean) =>
    before.flatMap((row) => (row.statePath === null && (row.doneSeq ?? 0) > given === isLater ? [row.stateUpdates] : []));
  return [...updates(false), givenState, ...updates(true)];
}

/** Of two that wrote a key the last counts. Spread, not assigned: a key may be called __proto__. */
function merged(updates: readonly (JsonObject | null)[]): JsonObject {
  return updates.reduce<JsonObject>((all, some) => (some === null ? all : { ...all, ...some }), {});
}

/** As the frame had it. */
function outputOf({ output, text, errorCode: code, errorMessage: message }: StoredRow): NodeOutput {
  return { output, text, ...(code !== null && { error: { code, message } }) };
}
