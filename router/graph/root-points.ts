/**
 * The price of each root field, in points, as its subgraph declares it (#shared/graphql/cost.ts): a look-up is one point; more cost those that work through
 * a whole document or index, call somebody outside, or write.
 */
import type { FieldDefinition, ObjectType, Schema } from "@apollo/federation-internals";
import { Kind, type OperationTypeNode, type GraphQLError, type OperationDefinitionNode, type SelectionSetNode } from "graphql";
import { waitsOutsideTag } from "#shared/graphql/cost.ts";
import type { Fragments } from "./document-weight.ts";
import { tooMuch } from "./limits.ts";

/** The points of a root field that declares none. */
export const pointsUnlessPriced = { query: 1, mutation: 10, subscription: 1 } as const satisfies Record<OperationTypeNode, number>;

/** What a graph's root fields declare. */
export interface RootPrices {
  /** Points of those that declare them, by operation type and name. */
  points: Readonly<Record<OperationTypeNode, ReadonlyMap<string, number>>>;
  /** Those that wait for somebody outside or for a run: they take minutes where others take milliseconds. */
  outside: ReadonlySet<string>;
}

/** Reads the prices of a supergraph. */
export function rootPricesOf(supergraph: Schema): RootPrices {
  const fieldsOf = (type: OperationTypeNode) => supergraph.schemaDefinition.rootType(type)?.fields() ?? [];
  const points = (type: OperationTypeNode) =>
    new Map(fieldsOf(type).flatMap((field) => argumentsOf(field, "cost", "weight").map((weight) => [field.name, Number(weight)] as const)));
  const all = (["query", "mutation", "subscription"] as OperationTypeNode[]).flatMap(fieldsOf);
  const isOutside = (field: FieldDefinition<ObjectType>) => argumentsOf(field, "tag", "name").includes(waitsOutsideTag);
  return {
    points: {
      query: points("query" as OperationTypeNode),
      mutation: points("mutation" as OperationTypeNode),
      subscription: points("subscription" as OperationTypeNode),
    },
    outside: new Set(all.filter(isOutside).map(({ name }) => name)),
  };
}

function argumentsOf(field: FieldDefinition<ObjectType>, directive: string, argument: string): unknown[] {
  const applied = field.appliedDirectives.filter(({ name }) => name === directive);
  return applied.map((each) => (each.arguments() as Record<string, unknown>)[argument]);
}

/** OPERATION_LIMIT_EXCEEDED where the root fields of an operation have more points than it may; those of one name in the response count once. */
export function pointsExcess(
  node: OperationDefinitionNode,
  fragments: Fragments,
  { prices, maxPoints }: { prices: RootPrices; maxPoints: number },
): GraphQLError[] {
  const points = new Map<string, number>();
  const priced = prices.points[node.operation];
  const unlessPriced = pointsUnlessPriced[node.operation];
  const spread = new Set<string>();
  const collect = ({ selections }: SelectionSetNode) => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD)
        points.set((selection.alias ?? selection.name).value, priced.get(selection.name.value) ?? unlessPriced);
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
