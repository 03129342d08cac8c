/**
 * What one document may ask, checked before it is planned, over HTTP and WebSocket alike. Each fragment is weighed once however
 * often it is spread, so that weighing costs no more than reading.
 */
import {
  GraphQLError,
  Kind,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationRule,
} from "graphql";
import { defineErrors } from "#shared/errors.ts";

export interface OperationLimits {
  maxTokens: number;
  maxDepth: number;
  maxAliases: number;
  /** Of an operation that asks for the schema, whose parts are many and each refer to each other. */
  maxIntrospectionAliases: number;
  /** Fragments that a document defines: what validates and plans them takes the square of their number. */
  maxFragments: number;
  /** Fields, with those of fragments counted at each spread. */
  maxFields: number;
}

/** Wide enough for GraphiQL's introspection and for any console; narrow enough to plan in milliseconds. */
export const defaultLimits: OperationLimits = {
  maxTokens: 15_000,
  maxDepth: 30,
  maxAliases: 200,
  maxIntrospectionAliases: 20,
  maxFragments: 400,
  maxFields: 5_000,
};

/** The limits as a validation rule. */
export function limitRule(limits: OperationLimits): ValidationRule {
  return (context) => ({
    Document(node) {
      const found = node.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION).length;
      if (found > limits.maxFragments) context.reportError(tooMuch({ of: "fragments", found, limit: limits.maxFragments }));
    },
    OperationDefinition(node) {
      const fragments = new Map<string, Weight>();
      const weight = weigh(node.selectionSet, { fragments, fragmentOf: (name) => context.getFragment(name) ?? undefined });
      const exceed = (of: Excess["of"], found: number, limit: number) => {
        if (found > limit) context.reportError(tooMuch({ of, found, limit }, node));
      };
      exceed("levels", weight.depth, limits.maxDepth);
      exceed("aliases", weight.aliases, weight.introspects ? limits.maxIntrospectionAliases : limits.maxAliases);
      exceed("fields", weight.fields, limits.maxFields);
    },
  });
}

interface Weight {
  depth: number;
  aliases: number;
  fields: number;
  introspects: boolean;
}

interface Weighing {
  fragments: Map<string, Weight>;
  fragmentOf: (name: string) => FragmentDefinitionNode | undefined;
}

const nothing: Weight = { depth: 0, aliases: 0, fields: 0, introspects: false };

function weigh(set: SelectionSetNode | undefined, weighing: Weighing): Weight {
  const sum = { ...nothing };
  for (const selection of set?.selections ?? []) {
    if (selection.kind === Kind.FIELD) {
      const inner = weigh(selection.selectionSet, weighing);
      add(sum, {
        depth: inner.depth + 1,
        aliases: inner.aliases + (selection.alias === undefined ? 0 : 1),
        fields: inner.fields + 1,
        introspects: inner.introspects || selection.name.value === "__schema" || selection.name.value === "__type",
      });
    } else {
      const inner =
        selection.kind === Kind.INLINE_FRAGMENT ? weigh(selection.selectionSet, weighing) : weighFragment(selection.name.value, weighing);
      add(sum, inner);
    }
  }
  return sum;
}

function weighFragment(name: string, weighing: Weighing): Weight {
  const known = weighing.fragments.get(name);
  if (known !== undefined) return known;
  // A fragment within itself weighs nothing here; another rule refuses it.
  weighing.fragments.set(name, nothing);
  const weight = weigh(weighing.fragmentOf(name)?.selectionSet, weighing);
  weighing.fragments.set(name, weight);
  return weight;
}

function add(sum: Weight, part: Weight): void {
  sum.depth = Math.max(sum.depth, part.depth);
  sum.aliases += part.aliases;
  sum.fields += part.fields;
  sum.introspects ||= part.introspects;
}

const limitErrors = defineErrors({
  OPERATION_LIMIT_EXCEEDED: {
    code: "BAD_USER_INPUT",
    message: (f: Excess) => `The operation has ${f.found} ${f.of}; ${f.limit} are allowed.`,
  },
});

interface Excess extends Record<string, string | number> {
  /** What there is too much of. */
  of: "levels" | "aliases" | "fields" | "fragments";
  found: number;
  limit: number;
}

function tooMuch(excess: Excess, node?: OperationDefinitionNode): GraphQLError {
  const made = limitErrors.OPERATION_LIMIT_EXCEEDED(excess);
  return new GraphQLError(made.message, { nodes: node, originalError: made });
}
