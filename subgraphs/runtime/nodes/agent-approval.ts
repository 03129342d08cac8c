/**
 * Whether a person is to be asked before an agent calls a tool: `requires_approval` of the binding, frozen with the agent. What the person sees is what the model asked
 * for; the call is made with that, or with what the person made of it.
 */
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import { agentCallOf } from "./agent-call.ts";
import { partOf, runJob, nodeJobsModule, templateFailures } from "./evaluation.ts";
import type { NodeContext, NodeExecutor, NodeOutcome, NodeScope } from "./executor.ts";
import { orFailureLater } from "./outcome.ts";
import { waiting } from "./waiting.ts";

/** A policy, and what it is asked of. */
export interface AskedPolicy {
  policy: string;
  scope: NodeScope;
  args: JsonObject;
}

const policyJob = { module: nodeJobsModule, name: "isPolicyHeldOf", ...templateFailures } as const;

/** Asks for the tools of agents. A policy that is an expression is worked out in a thread, as what the model gives it has any size. */
export const agentToolApproval: NonNullable<NodeExecutor["ask"]> = {
  isNeeded: ({ agent }) =>
    isJsonObject(agent) &&
    Array.isArray(agent["tools"]) &&
    agent["tools"].some((tool) => isJsonObject(tool) && tool["requires_approval"] !== undefined),
  run: askAgentCall,
};

function askAgentCall(context: NodeContext): NodeOutcome | Promise<NodeOutcome> {
  const { tool, args, isBeyond } = agentCallOf(context);
  // Of a call that cannot be made nobody is asked: its node run tells the model.
  if (tool?.requires_approval === undefined || args === undefined || isBeyond) return { kind: "allowed" };
  const { requires_approval: policy, name, tool_version_id: version } = tool;
  const asked = (): NodeOutcome => waiting({ reason: "APPROVAL", question: { tool: { name, version }, arguments: args } });
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
