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
