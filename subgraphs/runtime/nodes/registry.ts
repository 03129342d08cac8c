import { canonicalNodeType, type NodeType } from "#shared/dsl/node-types.ts";
import { agentPartTypes } from "../engine/drivers/agent-plan.ts";
import { agentCompactNode } from "./agent/agent-compact.node.ts";
import { agentMemoryNode } from "./agent/agent-memory.node.ts";
import { agentModelNode } from "./agent/agent-model.node.ts";
import { agentToolNode } from "./agent/agent-tool.node.ts";
import { agentNode } from "./agent/agent.node.ts";
import { answerNode } from "./answer.node.ts";
import { assignerNode } from "./assigner.node.ts";
import { callbackNode } from "./people/callback.node.ts";
import { codeNode } from "./code.node.ts";
import { delayNode } from "./people/delay.node.ts";
import { frameType } from "../engine/composite.ts";
import type { NodeExecutor } from "./executor.ts";
import { frameNode } from "./composite/frame.node.ts";
import { httpRequestNode } from "./http/http-request.node.ts";
import { humanInputNode } from "./people/human-input.node.ts";
import { ifElseNode } from "./if-else.node.ts";
import { iterationNode } from "./composite/iteration.node.ts";
import { knowledgeRetrievalNode } from "./retrieval/knowledge-retrieval.node.ts";
import { listNode } from "./list.node.ts";
import { llmNode } from "./llm.node.ts";
import { loopNode } from "./composite/loop.node.ts";
import { skillNode } from "./skill/skill.node.ts";
import { subWorkflowNode } from "./composite/sub-workflow.node.ts";
import { memoryNode } from "./retrieval/memory.node.ts";
import { switchNode } from "./switch.node.ts";
import { teamNode } from "./team/team.node.ts";
import { templateTransformNode } from "./template-transform.node.ts";
import { toolNode } from "./tool.node.ts";
import { variableAggregatorNode } from "./variable-aggregator.node.ts";

/** Every node type of the DSL and what runs it; a type without an executor does not compile. */
export const nodeExecutors = {
  llm: llmNode,
  tool: toolNode,
  code: codeNode,
  answer: answerNode,
  "if-else": ifElseNode,
  switch: switchNode,
  assigner: assignerNode,
  "knowledge-retrieval": knowledgeRetrievalNode,
  memory: memoryNode,
  "template-transform": templateTransformNode,
  list: listNode,
  "variable-aggregator": variableAggregatorNode,
  iteration: iterationNode,
  loop: loopNode,
  "sub-workflow": subWorkflowNode,
  "http-request": httpRequestNode,
  "human-input": humanInputNode,
  callback: callbackNode,
  delay: delayNode,
  agent: agentNode,
  team: teamNode,
  skill: skillNode,
} satisfies Record<NodeType, NodeExecutor>;

/** Node runs of an agent, which no document names. */
const agentExecutors: Readonly<Record<string, NodeExecutor>> = {
  [agentPartTypes.model]: agentModelNode,
  [agentPartTypes.tool]: agentToolNode,
  [agentPartTypes.memory]: agentMemoryNode,
  [agentPartTypes.compact]: agentCompactNode,
};

/** Finds the executor of a node type or of an alias of one; undefined: no such type. */
export type NodeRegistry = (type: string) => NodeExecutor | undefined;

/** The platform's node types, and perhaps others by name, such as a node that waits in a test. */
export function nodeRegistry(extra: Readonly<Record<string, NodeExecutor>> = {}): NodeRegistry {
  const others = new Map(Object.entries({ ...agentExecutors, ...extra }));
  return (type) => {
    const known = canonicalNodeType(type);
    if (known !== undefined) return nodeExecutors[known];
    return type === frameType ? frameNode : others.get(type);
  };
}
