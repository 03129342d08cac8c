/** The node types of a document (S-17), a closed list: runtime's registry of executors is checked against it by the compiler. */
export const nodeTypes = [
  "llm",
  "tool",
  "code",
  "answer",
  "if-else",
  "switch",
  "assigner",
  "knowledge-retrieval",
  "memory",
  "template-transform",
  "list",
  "variable-aggregator",
  "iteration",
  "agent",
  "team",
  "skill",
  "loop",
  "sub-workflow",
  "http-request",
  "human-input",
  "callback",
  "delay",
] as const;

/** One of {@link nodeTypes}. */
export type NodeType = (typeof nodeTypes)[number];

/** Other names that documents may use for a type (S-18). */
export const nodeTypeAliases: Readonly<Record<string, NodeType>> = { condition: "if-else", retriever: "knowledge-retrieval" };

/** The type behind a name or an alias; undefined for a name that is neither. */
export function canonicalNodeType(type: string): NodeType | undefined {
  if (Object.hasOwn(nodeTypeAliases, type)) return nodeTypeAliases[type];
  return nodeTypes.find((known) => known === type);
}
