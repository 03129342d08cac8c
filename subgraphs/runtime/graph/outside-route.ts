import { excerpt } from "#shared/fields.ts";
import { isJsonObject, type Json } from "#shared/json.ts";
import { agentPartTypes } from "../engine/drivers/agent-plan.ts";
import { framePathOf, lastSegment, rootPath } from "../engine/path.ts";
import { agentPartOf, nodeOfPath } from "../engine/plan.ts";
import { runtimeErrors } from "../errors.ts";
import { saidProblem } from "../nodes/agent/agent-said.ts";
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

/**
 * Refuses an outcome that what is part of an agent's work, or of a team's, cannot have: nobody skips it, for its agent could not go on; and what stands for a
 * model's answer must be a message.
 *
 * @throws AppError AGENT_PART_NOT_SKIPPABLE, AGENT_MESSAGE_INVALID
 */
export async function checkPart(
  { db }: RuntimeContext,
  { runId, path }: NodeRunKey,
  { isSkipped, outputJson }: { isSkipped: boolean; outputJson?: Json | undefined },
): Promise<void> {
  // Those alone stand beneath another node with a number of their own.
  if (framePathOf(path) === rootPath || !lastSegment(path).includes("#")) return;
  const plan = await db.read((tx) => planOfRun(tx, runId));
  const part = plan && agentPartOf(plan, path);
  if (part === undefined) return;
  if (isSkipped) throw runtimeErrors.AGENT_PART_NOT_SKIPPABLE({ id: `${runId}:${path}` });
  const wrong = part.type === agentPartTypes.model ? saidProblem(outputJson) : undefined;
  if (wrong !== undefined) throw runtimeErrors.AGENT_MESSAGE_INVALID(wrong);
}

function shown(route: Json): string {
  return typeof route === "string" ? route : JSON.stringify(route);
}
