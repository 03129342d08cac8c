/**
 * What reading a document costs, told from the document alone and before it is validated: validation compares each field with those of
 * the same name around it, and planning asks of each branch where it is to be had. Each fragment is weighed once however often it is
 * spread, so that weighing costs no more than reading.
 */
import {
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type OperationDefinitionNode,
  type SelectionSetNode,
  TokenKind,
} from "graphql";
import { tooMuch, type Excess, type OperationLimits } from "./limits.ts";

/** The fragments of a document, by name. */
export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** The fragments that a document defines; of two that have one name the first, for validation refuses both. */
export function fragmentsOf({ definitions }: DocumentNode): Fragments {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION && !fragments.has(definition.name.value))
      fragments.set(definition.name.value, definition);
  }
  return fragments;
}

/** OPERATION_LIMIT_EXCEEDED where a document defines more fragments than it may. */
export function fragmentExcess({ definitions }: DocumentNode, { maxFragments }: OperationLimits): GraphQLError[] {
  const found = definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION).length;
  return found > maxFragments ? [tooMuch({ of: "fragments", found, limit: maxFragments })] : [];
}

/** OPERATION_LIMIT_EXCEEDED where a name is longer than it may be, at the first that is. */
export function nameExcess({ loc }: DocumentNode, { maxNameLetters: limit }: OperationLimits): GraphQLError[] {
  // A parsed document knows its first token.
  for (let token = loc?.startToken.next ?? null; token !== null; token = token.next) {
    const found = token.end - token.start;
    if (token.kind !== TokenKind.NAME || found <= limit) continue;
    const { message, originalError } = tooMuch({ of: "letters of a name", found, limit });
    return [new GraphQLError(message, { source: loc!.source, positions: [token.start], originalError })];
  }
  return [];
}

/**
 * OPERATION_LIMIT_EXCEEDED for each other limit that a document is above, before it is known to be valid; of its fragments none may
 * spread itself.
 */
export function documentExcess(document: DocumentNode, limits: OperationLimits): GraphQLError[] {
  const found: GraphQLError[] = [];
  const exceed = (of: Excess["of"], count: number, limit: number, node?: OperationDefinitionNode) => {
    if (count > limit && found.length < mostTold) found.push(tooMuch({ of, found: count, limit }, node));
  };
  const weighing: Weighing = { fragments: fragmentsOf(document), weights: new Map() };
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  // Of all operations together: each is validated, whichever of them runs.
  const sum = { ...nothing };
  for (const node of operations) {
    const weight = weigh(node.selectionSet, weighing);
    exceed("levels", weight.depth, limits.maxDepth, node);
    exceed("levels of fragments", weight.spreads, limits.maxFragmentDepth, node);
    exceed("aliases", weight.aliases, weight.introspects ? limits.maxIntrospectionAliases : limits.maxAliases, node);
    exceed("branches", weight.branches, limits.maxBranches, node);
    add(sum, weight);
  }
  exceed("fields", sum.fields, limits.maxFields, operations[0]);
  if (found.length > 0) return found;
  // Fields of each fragment are compared with each other fragment.
  let comparisons = fieldsInFragments(weighing.fragments) * weighing.fragments.size;
  for (const node of operations) {
    const merged = merge([node.selectionSet], weighing.fragments);
    exceed("different fields", merged.fields, limits.maxDifferentFields, node);
    comparisons += merged.pairs;
  }
  exceed("comparisons", comparisons, limits.maxComparisons, operations[0]);
  return found;
}

/** Of what each operation of a document exceeds. */
const mostTold = 10;

interface Weight {
  depth: number;
  /** Fragments within fragments. */
  spreads: number;
  aliases: number;
  fields: number;
  branches: number;
  introspects: boolean;
}

interface Weighing {
  fragments: Fragments;
  weights: Map<string, Weight>;
}

const nothing: Weight = { depth: 0, spreads: 0, aliases: 0, fields: 0, branches: 0, introspects: false };

function weigh(set: SelectionSetNode | undefined, weighing: Weighing): Weight {
  const sum = { ...nothing };
  for (const selection of set?.selections ?? []) {
    if (selection.kind === Kind.FIELD) {
      const inner = weigh(selection.selectionSet, weighing);
      add(sum, {
        depth: inner.depth + 1,
        spreads: inner.spreads,
        aliases: inner.aliases + (selection.alias === undefined ? 0 : 1),
        fields: inner.fields + 1,
        branches: inner.branches + (selection.selectionSet === undefined ? 0 : 1),
        introspects: inner.introspects || selection.name.value === "__schema" || selection.name.value === "__type",
      });
    } else {
      const inner =
        selection.kind === Kind.INLINE_FRAGMENT ? weigh(selection.selectionSet, weighing) : weighFragment(selection.name.value, weighing);
      add(sum, { ...inner, spreads: inner.spreads + 1 });
    }
  }
  return sum;
}

function weighFragment(name: string, weighing: Weighing): Weight {
  const known = weighing.weights.get(name);
  if (known !== undefined) return known;
  const weight = weigh(weighing.fragments.get(name)?.selectionSet, weighing);
  weighing.weights.set(name, weight);
  return weight;
}

function add(sum: Weight, part: Weight): void {
  sum.depth = Math.max(sum.depth, part.depth);
  sum.spreads = Math.max(sum.spreads, part.spreads);
  sum.aliases += part.aliases;
  sum.fields += part.fields;
  sum.branches += part.branches;
  sum.introspects ||= part.introspects;
}

/** Fields as they are answered: those of one name in one place are one. */
interface Merged {
  /** Fields that are planned. */
  fields: number;
  /** About how often graphql-js compares two fields to learn whether they can be merged: those of one name that meet in one place, however deep, with each other. */
  pairs: number;
}

/** Of selection sets that apply to one object, and what is beneath them. */
function merge(sets: readonly SelectionSetNode[], fragments: Fragments): Merged {
  const spread = new Set<string>();
  const fields = sets.flatMap((set) => fieldsIn(set, { fragments, spread }));
  const sum: Merged = { fields: 0, pairs: 0 };
  for (const same of Map.groupBy(fields, (field) => (field.alias ?? field.name).value).values()) {
    const beneath = same.flatMap(({ selectionSet }) => selectionSet ?? []);
    const merged = beneath.length === 0 ? { fields: 0, pairs: 0 } : merge(beneath, fragments);
    sum.fields += 1 + merged.fields;
    sum.pairs += (same.length * (same.length - 1)) / 2 + merged.pairs;
  }
  return sum;
}

function fieldsInFragments(fragments: Fragments): number {
  let fields = 0;
  for (const { selectionSet } of fragments.values()) fields += countFields(selectionSet);
  return fields;
}

/** The fields that a selection set has for one object: its own, and those of its fragments that were not `spread` yet. */
function fieldsIn(set: SelectionSetNode, within: { fragments: Fragments; spread: Set<string> }): FieldNode[] {
  return set.selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return selection;
    if (selection.kind === Kind.INLINE_FRAGMENT) return fieldsIn(selection.selectionSet, within);
    const name = selection.name.value;
    const fragment = within.fragments.get(name);
    if (fragment === undefined || within.spread.has(name)) return [];
    within.spread.add(name);
    return fieldsIn(fragment.selectionSet, within);
  });
}

/** Fields that stand in a selection set, at any depth; those of fragments that it spreads stand elsewhere. */
function countFields({ selections }: SelectionSetNode): number {
  return selections.reduce((sum, selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return sum;
    const beneath = selection.selectionSet === undefined ? 0 : countFields(selection.selectionSet);
    return sum + beneath + (selection.kind === Kind.FIELD ? 1 : 0);
  }, 0);
}
