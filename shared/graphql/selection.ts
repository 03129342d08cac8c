import { Kind, type FieldNode, type GraphQLResolveInfo, type SelectionNode } from "graphql";

/** What was found of a field of a document, which is kept as long as the document is. */
const known = new WeakMap<FieldNode, boolean>();

/**
 * Whether nothing but its id is asked of an object, so that whoever knows the id need not read the object. What depends on a variable counts
 * as asked for.
 */
export function asksForIdOnly({ fieldNodes, fragments }: Pick<GraphQLResolveInfo, "fieldNodes" | "fragments">): boolean {
  const isIdOnly = (selection: SelectionNode): boolean => {
    switch (selection.kind) {
      case Kind.FIELD:
        return selection.name.value === "id" || selection.name.value === "__typename";
      case Kind.INLINE_FRAGMENT:
        return selection.selectionSet.selections.every(isIdOnly);
      case Kind.FRAGMENT_SPREAD:
        return fragments[selection.name.value]?.selectionSet.selections.every(isIdOnly) === true;
    }
  };
  return fieldNodes.every((node) => {
    const found = known.get(node) ?? node.selectionSet?.selections.every(isIdOnly) === true;
    known.set(node, found);
    return found;
  });
}

/** Names of the fields of each place of a document, kept as long as it is. */
const namesOf = new WeakMap<FieldNode, ReadonlySet<string>>();

/** Whether a field is asked of an object, whatever directives it has. */
export function asksFor({ fieldNodes, fragments }: Pick<GraphQLResolveInfo, "fieldNodes" | "fragments">, name: string): boolean {
  const names = (selection: SelectionNode): readonly string[] => {
    if (selection.kind === Kind.FIELD) return [selection.name.value];
    const { selectionSet } = selection.kind === Kind.INLINE_FRAGMENT ? selection : (fragments[selection.name.value] ?? {});
    return selectionSet?.selections.flatMap(names) ?? [];
  };
  return fieldNodes.some((node) => {
    const found = namesOf.get(node) ?? new Set(node.selectionSet?.selections.flatMap(names));
    namesOf.set(node, found);
    return found.has(name);
  });
}
