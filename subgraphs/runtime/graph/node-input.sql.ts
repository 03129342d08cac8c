/** Reads everything that the inputs of node runs are worked out from, for many node runs at once. */
import type { Tx } from "#shared/db/database.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import type { TemplateScope } from "#shared/template/scope.ts";
import { framePathOf, lastSegment, pathBeneath } from "../engine/path.ts";
import { nodeOfPath, type CompiledNode } from "../engine/plan.ts";
import { parseNodeRunId, type NodeRunKey } from "../queue/node-run-id.ts";
import { plansById } from "../plan/stored-plan.sql.ts";

/** A node as its plan has it, and what its templates saw. */
export interface SeenNode {
  type: string;
  config: JsonObject;
  scope: TemplateScope;
}

interface RunRow {
  id: string;
  planId: string;
  input: JsonObject;
}

interface StoredRow {
  runId: string;
  path: string;
  /** Number of its first event. */
  seq: number;
  doneSeq: number | null;
  stateUpdates: JsonObject | null;
  /** It completed, or its failure was handled. */
  isOutput: boolean;
  /** Of a failure. */
  errorCode: string | null;
  errorMessage: string;
  text: string | null;
  output: Json;
}

/** A node of a run, found. */
export type AskedNode = NodeRunKey & { id: string; node: CompiledNode; run: RunRow };

/** It, and the ids of the nodes whose outputs its texts read. */
export type ReadingNode = AskedNode & { nodesRead: readonly string[] };

// Served by the primary keys. Outputs only of nodes that are read; updates of the state of all that wrote it.
const storedRows = `select n.run_id as "runId", n.path, n.seq, n.done_seq as "doneSeq", n.state_updates as "stateUpdates", (n.status = 3 or n.status = 4 and n.route is not null) as "isOutput",
    case when n.status = 4 then n.error_code end as "errorCode", coalesce(n.error_message, '') as "errorMessage",
    case when k.wants then coalesce(n.output_text, o.content_text) end as text, case when k.wants then coalesce(n.output_json, o.content_json) end as output
  from runtime.node_run n
    left join (select run_id, path, bool_or(wants) as wants from unnest($1::text[], $2::text[], $3::bool[]) as x(run_id, path, wants) group by 1, 2) k
      using (run_id, path)
    left join runtime.artifact o on k.wants and o.tenant_id = $5 and o.id = n.output_artifact_id
  where n.tenant_id = $5 and n.run_id = any($4) and (k.path is not null or n.state_updates is not null)
  order by n.done_seq nulls last`;

/** Nodes with the scope that they saw when they began, by node run id: node runs without a row see what there is now. */
export async function seenNodes(tx: Tx, asked: readonly ReadingNode[]): Promise<Map<string, SeenNode>> {
  const keys = asked.flatMap(({ runId, path, nodesRead }) => [
    { runId, path, wants: false },
    ...nodesRead.map((id) => ({ runId, path: pathBeneath(framePathOf(path), id), wants: true })),
  ]);
  const rows = await tx.sql<StoredRow>(storedRows, [
    keys.map(({ runId }) => runId),
    keys.map(({ path }) => path),
    keys.map(({ wants }) => wants),
    [...new Set(asked.map(({ runId }) => runId))],
    tx.tenantId,
  ]);
  const byRun = Map.groupBy(rows, ({ runId }) => runId);
  return new Map(asked.map((one) => [one.id, { ...one.node, scope: scopeOf(one, byRun.get(one.runId) ?? []) }]));
}

/** The nodes of these node runs as their plans have them. Unknown ids are left out. */
export async function askedNodes(tx: Tx, ids: readonly string[]): Promise<AskedNode[]> {
  const keys = ids.flatMap((id) => {
    const key = parseNodeRunId(id);
    return key === null ? [] : [{ id, ...key }];
  });
  const runIds = [...new Set(keys.map(({ runId }) => runId))];
  const runs = await tx.sql<RunRow>(`select id, plan_id as "planId", input from runtime.run where tenant_id = $2 and id = any($1)`, [
    runIds,
    tx.tenantId,
  ]);
  const plans = await plansById(
    tx,
    runs.map(({ planId }) => planId),
  );
  const byId = new Map(runs.map((run) => [run.id, run]));
  return keys.flatMap((key) => {
    const run = byId.get(key.runId);
    const plan = run === undefined ? undefined : plans.get(run.planId);
    const node = plan && nodeOfPath(plan, key.path);
    return run === undefined || node === undefined ? [] : [{ ...key, run, node }];
  });
}

/** Outputs of its frame and the run's state as they stood before the node's first event. */
function scopeOf({ path, run, node }: AskedNode, rows: readonly StoredRow[]): TemplateScope {
  const seq = rows.find((row) => row.path === path)?.seq ?? Number.POSITIVE_INFINITY;
  const before = rows.filter((row) => row.isOutput && (row.doneSeq ?? seq) < seq);
  return {
    input: run.input,
    // Spread, not assigned: a key may be called __proto__.
    state: before.reduce<JsonObject>((state, { stateUpdates }) => (stateUpdates === null ? state : { ...state, ...stateUpdates }), {}),
    nodes: Object.fromEntries(
      before
        .filter((row) => framePathOf(row.path) === framePathOf(path))
        .map(({ path: one, output, text, errorCode: code, errorMessage: message }) => [
          lastSegment(one),
          { output, text, ...(code !== null && { error: { code, message } }) },
        ]),
    ),
    current: { node_id: node.id },
  };
}
