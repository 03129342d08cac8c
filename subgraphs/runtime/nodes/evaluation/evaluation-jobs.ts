/** What threads run for nodes, by name (evaluation.ts). Erasable TypeScript only, as all that it imports: Node runs it without a build step. */
import { nodeSpecs } from "#shared/dsl/node-specs.ts";
import type { NodeType } from "#shared/dsl/node-types.ts";
import { renderConfig } from "#shared/dsl/render-config.ts";
import { configReads, type ConfigReads } from "#shared/dsl/scope-read.ts";
import type { JsonObject } from "#shared/json.ts";
import type { AskedPolicy } from "../agent/agent-approval.ts";
import { beginAgent } from "../agent/agent.node.ts";
import { answer } from "../answer.node.ts";
import { assign } from "../assigner.node.ts";
import { askApproval, isPolicyHeld } from "../people/approval.ts";
import { awaitCallback } from "../people/callback.node.ts";
import { delay } from "../people/delay.node.ts";
import type { Evaluate, GivenNode } from "./evaluation.ts";
import type { NodeOutcome } from "../executor.ts";
import { askPerson } from "../people/human-input.node.ts";
import { decide } from "../if-else.node.ts";
import { iterate } from "../composite/iteration.node.ts";
import { arrange } from "../list.node.ts";
import { loopRound } from "../composite/loop.node.ts";
import { orFailure } from "../outcome.ts";
import { retrieve, type Retrieval } from "../retrieval/retrieve.ts";
import { beginSkill } from "../skill/skill-given.ts";
import { give } from "../composite/sub-workflow.node.ts";
import { choose } from "../switch.node.ts";
import { beginTeam } from "../team/team.node.ts";
import { transform } from "../template-transform.node.ts";
import { aggregate } from "../variable-aggregator.node.ts";

export { isRejected } from "./retry-when.ts";
export { keyOf as gateKey } from "./concurrency-key.ts";

const evaluations: Partial<Record<NodeType, Evaluate>> = {
  agent: beginAgent,
  team: beginTeam,
  // As a run of its own.
  skill: beginSkill,
  answer,
  assigner: assign,
  "if-else": decide,
  iteration: iterate,
  loop: loopRound,
  "sub-workflow": give,
  switch: choose,
  list: arrange,
  "variable-aggregator": aggregate,
  "template-transform": transform,
  "human-input": askPerson,
  callback: awaitCallback,
  delay,
  // What of a tool is computed before it is called.
  tool: askApproval,
};

/** The outcome of a node that computes only. */
export function evaluateNode({ type, config, scope }: GivenNode): NodeOutcome {
  const evaluate = evaluations[type];
  if (evaluate === undefined) throw new Error(`nodes of type ${type} are not evaluated in threads`);
  return orFailure(() => evaluate({ config, scope }));
}

/** Whether a person is to be asked of an agent's call. @throws AppError EXPRESSION_… */
export function isPolicyHeldOf({ policy, scope, args }: AskedPolicy): boolean {
  return isPolicyHeld(policy, scope, args);
}

/** A config, rendered. @throws AppError TEMPLATE_… */
export function renderNode({ type, config, scope }: GivenNode): JsonObject {
  return renderConfig(type, config, scope);
}

/** What the texts of a config read. */
export function readsOfNode({ type, config }: Omit<GivenNode, "scope">): ConfigReads {
  return configReads(nodeSpecs[type], config);
}

/** The outcome of a retriever that has its query and its documents. */
export function retrieveDocuments(retrieval: Retrieval, text: string | undefined): NodeOutcome {
  return orFailure(() => retrieve(retrieval, text ?? ""));
}
