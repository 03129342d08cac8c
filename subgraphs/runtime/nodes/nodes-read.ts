import { nodeSpecs, retryWhenSpec } from "#shared/dsl/node-specs.ts";
import { canonicalNodeType, type NodeType } from "#shared/dsl/node-types.ts";
import { configReads, type ConfigReads } from "#shared/dsl/scope-read.ts";
import { shortTexts } from "#shared/dsl/small.ts";
import type { Evaluator } from "#shared/evaluation/job.ts";
import type { JsonObject } from "#shared/json.ts";
import { readsOf } from "./evaluation/evaluation.ts";

/** Ids of the nodes whose outputs a node reads; any: nobody knows which. */
export type NodesRead = ReadonlySet<string> | "any";

interface ReadingNode {
  type: string;
  config: JsonObject;
  /** The condition of its retry reads as its config does. */
  retryWhen: { when: string } | undefined;
}

/** Types whose texts are all that they read. One that holds a graph of its own is none of them: what stands in that is read too. */
const readByTextsAlone = new Set<NodeType>([
  "llm",
  "tool",
  "code",
  "answer",
  "if-else",
  "switch",
  "assigner",
  "knowledge-retrieval",
  "template-transform",
  "list",
  "variable-aggregator",
  "http-request",
  "human-input",
  "callback",
  "delay",
]);

/** What a config reads that is short. A config of a plan is one object however often its node runs. */
const known = new WeakMap<JsonObject, NodesRead>();

/** What is known here and now: texts that are not short are read in threads only. */
export function knownReads(node: ReadingNode): NodesRead {
  let reads = known.get(node.config);
  if (reads === undefined) known.set(node.config, (reads = readsNow(node)));
  return reads;
}

function readsNow({ type: name, config, retryWhen }: ReadingNode): NodesRead {
  const type = typeOf(name);
  if (type === undefined || shortTexts(nodeSpecs[type], config) === null) return "any";
  return both(nodesOf(configReads(nodeSpecs[type], config)), readsOfRetry(retryWhen));
}

function readsOfRetry(retryWhen: ReadingNode["retryWhen"]): NodesRead {
  if (retryWhen === undefined) return new Set();
  return shortTexts(retryWhenSpec, retryWhen) === null ? "any" : nodesOf(configReads(retryWhenSpec, retryWhen));
}

function both(one: NodesRead, other: NodesRead): NodesRead {
  return one === "any" || other === "any" ? "any" : new Set([...one, ...other]);
}

/** The same for texts of any length. */
export async function nodesRead(evaluation: Evaluator, node: ReadingNode, tenantId: string): Promise<NodesRead> {
  const { config, retryWhen } = node;
  const type = typeOf(node.type);
  if (type === undefined) return "any";
  return both(nodesOf(await readsOf(evaluation, { type, config }, { tenantId, whenBusy: "wait" })), readsOfRetry(retryWhen));
}

function typeOf(name: string): NodeType | undefined {
  const type = canonicalNodeType(name);
  return type !== undefined && readByTextsAlone.has(type) ? type : undefined;
}

function nodesOf({ paths, complete }: ConfigReads): NodesRead {
  const ids = paths.flatMap(({ path: [root, id] }) => (root === "nodes" ? [id] : []));
  const named = ids.filter((id) => id !== undefined);
  return complete && named.length === ids.length ? new Set(named) : "any";
}
