/** The one field of a subscription, as it is found in its document; each document is looked at once. */
import {
  getOperationAST,
  Kind,
  OperationTypeNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";

/** A root field that stands in its operation by itself, whatever its variables are. */
export interface RootField {
  operation: OperationDefinitionNode;
  node: FieldNode;
  field: GraphQLField<unknown, unknown>;
  /** Its name in answers. */
  key: string;
  /** What its resolvers are told of each operation. */
  info: Omit<GraphQLResolveInfo, "rootValue" | "variableValues">;
}

/** undefined: there are others, it stands in a fragment, or a directive says whether it is there. */
export function rootFieldOf(schema: GraphQLSchema, document: DocumentNode, operationName: string | undefined): RootField | undefined {
  const operation = getOperationAST(document, operationName);
  const parentType = schema.getSubscriptionType();
  if (operation?.operation !== OperationTypeNode.SUBSCRIPTION || parentType == null) return undefined;
  const [node, ...others] = operation.selectionSet.selections;
  if (node?.kind !== Kind.FIELD || others.length > 0 || hasDirectives(node)) return undefined;
  const field = parentType.getFields()[node.name.value];
  if (field === undefined) return undefined;
  const key = (node.alias ?? node.name).value;
  const path = { prev: undefined, key, typename: parentType.name };
  const ofOperation = { fieldNodes: [node], fragments: fragmentsOf(document), operation };
  return { operation, node, field, key, info: { fieldName: field.name, returnType: field.type, parentType, path, schema, ...ofOperation } };
}

/** Whether whatever is selected there may be left out, or is more than a name. */
export function hasDirectives({ directives }: FieldNode): boolean {
  return directives !== undefined && directives.length > 0;
}

function fragmentsOf(document: DocumentNode): Record<string, FragmentDefinitionNode> {
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  return Object.fromEntries(fragments.map((fragment) => [fragment.name.value, fragment]));
}

/** What is found of the operations of documents, kept as long as these are. */
export class OfDocuments<T> {
  readonly #make: (document: DocumentNode, operationName: string | undefined) => T;
  readonly #known = new WeakMap<DocumentNode, Map<string | undefined, T>>();

  constructor(make: (document: DocumentNode, operationName: string | undefined) => T) {
    this.#make = make;
  }

  of(document: DocumentNode, operationName: string | null | undefined): T {
    let known = this.#known.get(document);
    if (known === undefined) this.#known.set(document, (known = new Map<string | undefined, T>()));
    const name = operationName ?? undefined;
    if (known.has(name)) return known.get(name)!;
    const made = this.#make(document, name);
    known.set(name, made);
    return made;
  }
}
