/**
 * The price of each root field, in points. A look-up is one point; more cost those that work through a whole document or index, call
 * somebody outside, or write.
 */
import { Kind, type OperationTypeNode, type GraphQLError, type OperationDefinitionNode, type SelectionSetNode } from "graphql";
import type { Fragments } from "./document-weight.ts";
import { tooMuch } from "./limits.ts";

/** The points of a root field that is not priced by name. */
export const pointsUnlessPriced = { query: 1, mutation: 10, subscription: 1 } as const satisfies Record<OperationTypeNode, number>;

const heavy = 50;
const wide = 10;

/** The points of root fields that cost more than others of their kind. */
export const pointsByName: Readonly<Record<string, number>> = {
  // A document of up to 2,000 nodes is checked, with all its templates and expressions.
  validateDsl: heavy,
  createWorkflowVersion: heavy,
  publishWorkflowVersion: heavy,
  // Somebody outside is called, or a run executed.
  chatCompletion: heavy,
  createEmbeddings: heavy,
  invokeTool: heavy,
  executeRun: heavy,
  executeNodeRun: heavy,
  executeNextNode: heavy,
  executeNextNodeRun: heavy,
  // An index is searched, or sums are made of many rows.
  searchMemories: wide,
  modelUsage: wide,
  // All subgraphs are asked, and their databases.
  services: wide,
};

/** Root fields that wait for somebody outside or for a run: they take minutes where others take milliseconds. */
export const callers: ReadonlySet<string> = new Set([
  "chatCompletion",
  "createEmbeddings",
  "invokeTool",
  "executeRun",
  "executeNodeRun",
  "executeNextNode",
  "executeNextNodeRun",
]);

/** OPERATION_LIMIT_EXCEEDED where the root fields of an operation have more points than it may; those of one name in the response count once. */
export function pointsExcess(node: OperationDefinitionNode, fragments: Fragments, maxPoints: number): GraphQLError[] {
  const points = new Map<string, number>();
  const unlessPriced = pointsUnlessPriced[node.operation];
  const spread = new Set<string>();
  const collect = ({ selections }: SelectionSetNode) => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD)
        points.set((selection.alias ?? selection.name).value, pointsByName[selection.name.value] ?? unlessPriced);
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value);
        const fragment = fragments.get(selection.name.value);
        if (fragment !== undefined) collect(fragment.selectionSet);
      }
    }
  };
  collect(node.selectionSet);
  const found = [...points.values()].reduce((sum, more) => sum + more, 0);
  return found > maxPoints ? [tooMuch({ of: "points", found, limit: maxPoints }, node)] : [];
}
