import { isJsonObject, type JsonObject } from "#shared/json.ts";
import { evaluatedNode, rendered } from "../evaluation/evaluation.ts";
import type { NodeContext, NodeExecutor, NodeOutcome } from "../executor.ts";
import { orFailureLater, outsideNode } from "../outcome.ts";
import { askSkill } from "./skill-approval.ts";
import { callSkill } from "./skill-call.ts";
import { skillOf } from "./skill-frozen.ts";
import { beginSkill, skillInput } from "./skill-given.ts";

const ownRun = evaluatedNode("skill", beginSkill);

const inPlace = outsideNode(async (context) => {
  const input = await givenInput(context);
  return "kind" in input ? input : callSkill(context, skillOf(context.config), input.given);
});

/**
 * `skill`: does a skill of the platform with its input; output_json is what the version's outputSchema describes, output_text a text that it gave. As a run of its own
 * it only waits: that run does the skill, and asks a person where one is to be asked.
 */
export const skillNode: NodeExecutor = {
  effect: ({ mode }) => (mode === "run" ? "pure" : "outside"),
  run: (context) => (context.config["mode"] === "run" ? ownRun : inPlace).run(context),
  ask: {
    isNeeded: ({ skill }) => isJsonObject(skill) && skill["requires_approval"] !== undefined,
    run: (context) => orFailureLater(context, askTool),
  },
};

async function askTool(context: NodeContext): Promise<NodeOutcome> {
  const input = await givenInput(context);
  return "kind" in input ? { kind: "allowed" } : askSkill(context, skillOf(context.config), input.given);
}

async function givenInput(context: NodeContext): Promise<{ given: JsonObject } | NodeOutcome> {
  return skillInput(await rendered(context, "skill"));
}
