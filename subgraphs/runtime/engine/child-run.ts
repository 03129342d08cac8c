/**
 * Nodes that work as a run of their own: with an owner, a stream and a trace of its own, and a failure that is contained. Here it is decided which do; to the engine
 * they are nodes that wait, whatever they are otherwise.
 */
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import { agentType } from "./drivers/agent-plan.ts";
import type { ConcurrencyRule } from "./concurrency.ts";
import { teamType } from "./drivers/team-plan.ts";

/** The type of a skill's node: to the engine it is a leaf as any other. */
export const skillType = "skill";

/** Types whose nodes may, where their `mode` says so. */
const types: ReadonlySet<string> = new Set(["sub-workflow", agentType, teamType, skillType]);

/** What a run is that a node makes, as the plan has it in the node's config. */
export interface ChildPlan {
  planId: string;
  kind: "WORKFLOW" | "AGENT" | "TEAM" | "SKILL";
  workflowId?: string;
  workflowVersionId?: string;
  appId?: string;
  /** Of a run of an agent, a team or a skill: which it is, and the version. */
  subjectId?: string;
  subjectVersionId?: string;
  /** What its document says. */
  onFailure?: string;
  concurrency?: ConcurrencyRule;
  /** Its document has no nodes. */
  isEmpty?: boolean;
}

/** Whether a node works as a run of its own. */
export function isChildRun({ type, config }: { type: string; config: JsonObject }): boolean {
  return types.has(type) && config["mode"] === "run";
}

/** Whether nobody waits for that run. */
export function isDetached(config: JsonObject): boolean {
  return config["detached"] === true;
}

/** What the run is; undefined: the plan does not say. */
export function childPlanOf({ child }: JsonObject): ChildPlan | undefined {
  return isJsonObject(child) && typeof child["planId"] === "string" ? (child as unknown as ChildPlan) : undefined;
}
