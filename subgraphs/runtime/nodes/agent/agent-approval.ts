/**
 * Whether a person is to be asked before an agent calls a tool: `requires_approval` of the binding, frozen with the agent. What the person sees is what the model asked
 * for, and of a skill what becomes of that; the call is made with it, or with what the person made of it.
 */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { agentCallOf } from "./agent-call.ts";
import { partOf, runJob, nodeJobsModule, templateFailures } from "../evaluation/evaluation.ts";
import type { NodeContext, NodeExecutor, NodeOutcome, NodeScope } from "../executor.ts";
import { orFailureLater } from "../outcome.ts";
import { askedByAgent, askSkill } from "../skill/skill-approval.ts";
import { waiting } from "../people/waiting.ts";

/** A policy, and what it is asked of. */
export interface AskedPolicy {
  policy: string;
  scope: NodeScope;
  args: JsonObject;
}

const policyJob = { module: nodeJobsModule, name: "isPolicyHeldOf", ...templateFailures } as const;

/** Asks for the tools of agents. A policy that is an expression is worked out in a thread, as what the model gives it has any size. */
export const agentToolApproval: NonNullable<NodeExecutor["ask"]> = {
  isNeeded: ({ agent }) => isJsonObject(agent) && (hasPolicy(agent["tools"]) || hasPolicy(skillsOf(agent))),
  run: askAgentCall,
};

function hasPolicy(list: Json | undefined): boolean {
  return Array.isArray(list) && list.some((one) => isJsonObject(one) && one["requires_approval"] !== undefined);
}

function skillsOf({ skills }: JsonObject): Json[] {
  return Array.isArray(skills) ? skills.map((one) => (isJsonObject(one) ? (one["skill"] ?? null) : null)) : [];
}

function askAgentCall(context: NodeContext): NodeOutcome | Promise<NodeOutcome> {
  const { tool, args, isBeyond } = agentCallOf(context);
  // Of a call that cannot be made nobody is asked: its node run tells the model.
  if (tool?.requires_approval === undefined || args === undefined || isBeyond) return { kind: "allowed" };
  const { requires_approval: policy, name } = tool;
  if ("skill" in tool) return orFailureLater(context, async () => askedByAgent(await askSkill(context, tool.skill, args), { name, args }));
  const version = "tool_version_id" in tool ? { version: tool.tool_version_id } : {};
  const asked = (): NodeOutcome => waiting({ reason: "APPROVAL", question: { tool: { name, ...version }, arguments: args } });
  if (policy === true) return asked();
  return orFailureLater(context, async () => ((await isHeld(context, policy, args)) ? asked() : { kind: "allowed" }));
}

/** It sees what every node does, but for the agent's own node runs. */
async function isHeld(context: NodeContext, policy: string, args: JsonObject): Promise<boolean> {
  const seen = { ...context.scope, nodes: {} };
  const scope = await partOf(context, { type: "tool", config: { requires_approval: policy }, scope: seen });
  return runJob<AskedPolicy, boolean>(context, policyJob, { policy, scope, args });
}

/** The question of a call that nobody has approved of; undefined: it may be made. In a dry run none is. */
export async function unapprovedCall(context: NodeContext): Promise<NodeOutcome | undefined> {
  if (context.approval?.decision === "APPROVE" || context.dryRun || !agentToolApproval.isNeeded(context.config)) return undefined;
  const asked = await askAgentCall(context);
  return asked.kind === "allowed" ? undefined : asked;
}
