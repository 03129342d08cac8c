/**
 * Whether a person is to be asked before an HTTP skill calls its tool. What counts is what the tool is called with: over that a policy is judged, wherever the skill is used, and that
 * the person sees. A node of a workflow asks as a node `tool` does. Of an agent it asks with what the model gave, which are the skill's arguments, and says beside them what
 * becomes of them.
 */
import type { JsonObject } from "#shared/json.ts";
import { toolApproval } from "../people/approval.ts";
import type { NodeContext, NodeOutcome } from "../executor.ts";
import { otherContext } from "../other-context.ts";
import { skillScope, toolConfigOf } from "./skill-call.ts";
import { inputMisfit, withDefaults } from "./skill-check.ts";
import type { FrozenSkill } from "./skill-frozen.ts";
import { approvalBytes, waiting } from "../people/waiting.ts";

/** The question of a skill's tool call. An input that does not fit is asked of nobody: the skill fails with it. */
export async function askSkill(context: NodeContext, skill: FrozenSkill, given: JsonObject): Promise<NodeOutcome> {
  const input = withDefaults(skill, given);
  if ((await inputMisfit(context, skill, input)) !== undefined) return { kind: "allowed" };
  return toolApproval.run(otherContext(context, { config: toolConfigOf(skill), scope: skillScope(context, input) }));
}

/** A question of {@link askSkill} as an agent asks it, where it is one: arguments that a person changes are the skill's. */
export function askedByAgent(outcome: NodeOutcome, { name, args }: { name: string; args: JsonObject }): NodeOutcome {
  if (outcome.kind !== "waiting" || outcome.question === undefined) return outcome;
  const { arguments: called = {}, tool: _tool, text: beside, ...question } = outcome.question;
  const calls = `With these arguments the skill ${name} calls its tool with ${JSON.stringify(called)}`;
  const text = beside === undefined ? calls : `${calls}. ${beside}`;
  return waiting({ ...outcome, question: { ...question, text, tool: { name }, arguments: args, called } }, approvalBytes);
}
