/**
 * A subscription has one root field, and always: no @skip and no @include there, as the specification of 2025 has it. Without the field
 * there would be nothing to subscribe to; graphql-js 16 breaks while it counts the fields of a document that has one with a variable, so
 * this is asked before it validates.
 */
import { Kind, OperationTypeNode, type DocumentNode, type SelectionNode } from "graphql";
import { defineErrors, type AppError } from "#shared/errors.ts";

const rootErrors = defineErrors({
  GRAPHQL_VALIDATION_FAILED: {
    code: "BAD_USER_INPUT",
    message: (_: Record<never, never>) => "A subscription's root field takes no @skip and no @include. Leave the operation out instead.",
  },
});

/** GRAPHQL_VALIDATION_FAILED where a subscription's root field depends on a condition, itself or by a fragment around it. */
export function conditionalRootFault(document: DocumentNode): AppError | undefined {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION || definition.operation !== OperationTypeNode.SUBSCRIPTION) continue;
    const isRefused = rootSelections(document, definition.selectionSet.selections).some(isConditional);
    if (isRefused) return rootErrors.GRAPHQL_VALIDATION_FAILED({});
  }
  return undefined;
}

/** The selections at the root, with those of its fragments; each fragment once. */
function rootSelections(document: DocumentNode, selections: readonly SelectionNode[]): SelectionNode[] {
  const fragments = new Map(document.definitions.flatMap((d) => (d.kind === Kind.FRAGMENT_DEFINITION ? [[d.name.value, d] as const] : [])));
  const found: SelectionNode[] = [];
  const waiting = [...selections];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    found.push(next);
    if (next.kind === Kind.INLINE_FRAGMENT) waiting.push(...next.selectionSet.selections);
    if (next.kind !== Kind.FRAGMENT_SPREAD) continue;
    waiting.push(...(fragments.get(next.name.value)?.selectionSet.selections ?? []));
    fragments.delete(next.name.value);
  }
  return found;
}

function isConditional({ directives = [] }: SelectionNode): boolean {
  return directives.some(({ name }) => name.value === "skip" || name.value === "include");
}
