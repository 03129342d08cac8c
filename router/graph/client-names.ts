/**
 * Names that clients give fields, kept apart from those that a plan needs. A plan gathers everything in one tree: beside the client's fields
 * stand the keys of entities, what @requires asks for, and `__typename`, each under its own name. Of `{ run { id: status cost } }` two fields
 * would be `id`, and one of them lost. So where a client gives another field such a name, it is planned and fetched under a longer one, which
 * no client can choose: its own names that begin so are made longer too.
 */
import { isInterfaceType, isObjectType, type Schema } from "@apollo/federation-internals";
import {
  Kind,
  parse,
  visit,
  type DefinitionNode,
  type DocumentNode,
  type FieldNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";

/** What stands before a client's name that is not to be gathered under itself. */
const prefix = "_client_";

/** The client's name of a field that was gathered under `key`. */
export function clientName(key: string): string {
  return key.startsWith(prefix) ? key.slice(prefix.length) : key;
}

/** The names of all fields that a plan may need beside those that were asked for: of keys, @requires and @provides, at any depth. */
export function neededNames(supergraph: Schema): ReadonlySet<string> {
  const names = new Set(["__typename"]);
  const add = (fieldSet: unknown) => {
    if (typeof fieldSet === "string") visit(parse(`{ ${fieldSet} }`), { Field: ({ name }) => void names.add(name.value) });
  };
  for (const type of supergraph.types()) {
    for (const applied of type.appliedDirectives) if (applied.name === "join__type") add(applied.arguments()["key"]);
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of type.fields()) {
      for (const applied of field.appliedDirectives) {
        if (applied.name !== "join__field") continue;
        add(applied.arguments()["requires"]);
        add(applied.arguments()["provides"]);
      }
    }
  }
  return names;
}

/** The document as it is planned; itself where no name is in the way. */
export function withPlannedNames(document: DocumentNode, needed: ReadonlySet<string>): DocumentNode {
  return visit(document, {
    Field: {
      enter: (field) => {
        // Answered here, from the schema: nothing is gathered of it.
        if (isSchemaField(field.name.value)) return false;
        const name = (field.alias ?? field.name).value;
        return isInTheWay(field, name, needed) ? { ...field, alias: { kind: Kind.NAME, value: prefix + name } } : undefined;
      },
    },
  });
}

/**
 * The document without what is asked of the schema, which no subgraph is asked for: the planner leaves that out itself where it stands at the root, and ends with an error
 * where it stands in a fragment. undefined: it asks for nothing else.
 */
export function withoutSchemaFields(document: DocumentNode): DocumentNode | undefined {
  const fragments = new Map(
    document.definitions.flatMap((one) => (one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [])),
  );
  // Each is looked through once, however often it is spread.
  const known = new Map<string, boolean>();
  const asksElse = (name: string): boolean => {
    const asks = known.get(name) ?? rest(fragments.get(name)!.selectionSet) !== undefined;
    known.set(name, asks);
    return asks;
  };
  const rest = (set: SelectionSetNode): SelectionSetNode | undefined => {
    const selections = set.selections.flatMap((selection): SelectionNode[] => {
      if (selection.kind === Kind.FIELD) return isSchemaField(selection.name.value) ? [] : [selection];
      if (selection.kind === Kind.FRAGMENT_SPREAD) return asksElse(selection.name.value) ? [selection] : [];
      const selectionSet = rest(selection.selectionSet);
      return selectionSet === undefined ? [] : [{ ...selection, selectionSet }];
    });
    return selections.length === 0 ? undefined : { ...set, selections };
  };
  let asksAny = false;
  const definitions = document.definitions.flatMap((one): DefinitionNode[] => {
    if (one.kind !== Kind.OPERATION_DEFINITION && one.kind !== Kind.FRAGMENT_DEFINITION) return [one];
    const selectionSet = rest(one.selectionSet);
    asksAny ||= one.kind === Kind.OPERATION_DEFINITION && selectionSet !== undefined;
    return selectionSet === undefined ? [] : [{ ...one, selectionSet }];
  });
  return asksAny ? { ...document, definitions } : undefined;
}

/** By its name. */
export function isSchemaField(name: string): boolean {
  return name === "__schema" || name === "__type";
}

/** A field of the needed name is what the plan needs, unless its arguments make it something else. */
function isInTheWay({ name: field, arguments: given = [] }: FieldNode, name: string, needed: ReadonlySet<string>): boolean {
  return name.startsWith(prefix) || (needed.has(name) && (name !== field.value || given.length > 0));
}
