import { renderConfig } from "#shared/dsl/render-config.ts";
import { isJsonObject } from "#shared/json.ts";
import { evaluatedNode, type Given } from "../evaluation/evaluation.ts";
import type { NodeExecutor, NodeOutcome } from "../executor.ts";
import { completed, failed } from "../outcome.ts";
import { beginMember } from "../team/team-member.ts";

/** What an agent may be given, in characters. */
const maxInput = 1_000_000;

/** Renders what an agent is given when it opens: its input, and for whom it works. Who it is stands in the plan. */
export function beginAgent(given: Given): NodeOutcome {
  return beginWork("agent", given);
}

/** The same of an agent, or of a team of them. */
export function beginWork(type: "agent" | "team", { config, scope }: Given): NodeOutcome {
  const rendered = renderConfig(type, config, scope);
  const { input, input_json: inputJson, user_id, session_id, team_id, message_id } = rendered;
  const text = typeof input === "string" ? input : input == null ? "" : JSON.stringify(input);
  if (text.trim() === "")
    return failed({
      code: "NODE_CONFIG_INVALID",
      message: "config.input is empty once its template is rendered; say what the agent is to do.",
    });
  if (text.length > maxInput) {
    const message = `config.input has ${text.length} characters once its template is rendered, and may have ${maxInput}.`;
    return failed({ code: "NODE_CONFIG_INVALID", message });
  }
  const ids = Object.entries({ user_id, session_id, team_id, message_id }).filter(([, id]) => typeof id === "string" && id !== "");
  const hasJson = isJsonObject(inputJson) || (inputJson !== undefined && inputJson !== null);
  const others = Object.fromEntries(ids);
  // As an agent's own run has it (plan/agent-document.ts).
  if (config["mode"] === "run") return { kind: "child", input: { text, ...(hasJson && { json: inputJson }), ...others } };
  return completed({ outputJson: [{ input: text, ...(hasJson && { input_json: inputJson }), ...others }] });
}

const ownNode = evaluatedNode("agent", beginAgent);

/**
 * `agent`: an agent of the platform works on its input, or on what its team gives it. What it computes is where it begins; the engine does the rest
 * (engine/agent.driver.ts).
 */
export const agentNode: NodeExecutor = {
  effect: "pure",
  run: (context) => (context.config["member"] === undefined ? ownNode.run(context) : beginMember(context)),
};
