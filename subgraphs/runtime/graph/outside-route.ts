import { excerpt } from "#shared/fields.ts";
import { isJsonObject, type Json } from "#shared/json.ts";
import { nodeOfPath } from "../engine/plan.ts";
import { runtimeErrors } from "../errors.ts";
import { routesOf } from "../nodes/mock.ts";
import type { NodeRunKey } from "../queue/node-run-id.ts";
import type { RuntimeContext } from "./runtime.context.ts";
import { planOfRun } from "../plan/stored-plan.sql.ts";

/**
 * Refuses a route that no edge of a branching node can follow: the engine would skip every branch, and the run would complete without an answer.
 * A node whose edges have no conditions has no routes, and its output may say what it likes. A node that is not there is refused elsewhere.
 *
 * @throws AppError ROUTE_UNKNOWN
 */
export async function checkRoute({ db }: RuntimeContext, { runId, path }: NodeRunKey, outputJson: Json | undefined): Promise<void> {
  const route = isJsonObject(outputJson) ? outputJson["route"] : undefined;
  if (route == null) return;
  const plan = await db.read((tx) => planOfRun(tx, runId));
  const node = plan && nodeOfPath(plan, path);
  if (node === undefined) return;
  const routes = routesOf(node);
  if (routes.length === 0 || routes.some((known) => known === route)) return;
  throw runtimeErrors.ROUTE_UNKNOWN({ field: "outputJson.route", nodeId: node.id, route: excerpt(shown(route)), routes });
}

function shown(route: Json): string {
  return typeof route === "string" ? route : JSON.stringify(route);
}
