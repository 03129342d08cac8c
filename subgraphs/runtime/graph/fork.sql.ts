import type { Tx } from "#shared/db/database.ts";
import type { JsonObject } from "#shared/json.ts";

/** A node run of a run's own graph, as a new run is made by it. */
export interface ForkedNode {
  path: string;
  status: number;
  /** Its failure was handled. */
  isHandled: boolean;
}

/** The node runs of a run's own graph, by the ids of its nodes. Served by the primary key. */
export function nodesOfRun(tx: Tx, runId: string, ids: readonly string[]): Promise<ForkedNode[]> {
  return tx.sql(
    `select path, status, route is not null as "isHandled" from runtime.node_run where tenant_id = $2 and run_id = $1 and path = any($3)`,
    [runId, tx.tenantId, ids],
  );
}

/** What a run was given. Served by the primary key. */
export async function givenOfRun(tx: Tx, runId: string): Promise<{ input: JsonObject; initialNode: string | null } | undefined> {
  const [row] = await tx.sql<{ input: JsonObject; initialNode: string | null }>(
    `select input, initial_node as "initialNode" from runtime.run where tenant_id = $2 and id = $1`,
    [runId, tx.tenantId],
  );
  return row;
}
