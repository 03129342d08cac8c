/**
 * A subscription has one root field, whatever its variables: no @skip and no @include there that depends on one. graphql-js 16 breaks
 * while it counts the fields of such a document, so this is asked before it validates.
 */
import { Kind, OperationTypeNode, parse, type DocumentNode, type SelectionNode } from "graphql";
import { defineErrors, type AppError } from "#shared/errors.ts";

const rootErrors = defineErrors({
  GRAPHQL_VALIDATION_FAILED: {
    code: "BAD_USER_INPUT",
    message: (_: Record<never, never>) => "A subscription's root field takes no @skip and no @include that depends on a variable.",
  },
});

/** GRAPHQL_VALIDATION_FAILED where a subscription's root depends on a variable. */
export function variableRootFault(document: DocumentNode): AppError | undefined {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION || definition.operation !== OperationTypeNode.SUBSCRIPTION) continue;
    const isRefused = rootSelections(document, definition.selectionSet.selections).some(dependsOnVariable);
    if (isRefused) return rootErrors.GRAPHQL_VALIDATION_FAILED({});
  }
  return undefined;
}

/**
 * Looks at a text that somebody else parses; what cannot be parsed is theirs to refuse.
 *
 * @throws AppError see {@link variableRootFault}
 */
export function refuseVariableRoot(text: string, maxTokens: number): void {
  if (!text.includes("subscription") || !/@\s*(?:skip|include)/.test(text)) return;
  let document: DocumentNode;
  try {
    document = parse(text, { maxTokens, noLocation: true });
  } catch {
    return;
  }
  const fault = variableRootFault(document);
  if (fault !== undefined) throw fault;
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

function dependsOnVariable({ directives = [] }: SelectionNode): boolean {
  return directives.some(
    ({ name, arguments: given = [] }) =>
      (name.value === "skip" || name.value === "include") && given.some(({ value }) => value.kind === Kind.VARIABLE),
  );
}
