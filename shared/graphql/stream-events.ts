/**
 * How the events of a subscription are executed: each by itself, with a context of its own, and without the arguments of the stream, which were looked at when it
 * was opened. An event that coerced them again would cost as much as they are long, and a model call has megabytes of them for each word of its answer.
 */
import {
  getOperationAST,
  GraphQLObjectType,
  GraphQLSchema,
  Kind,
  visit,
  type DocumentNode,
  type FieldNode,
  type OperationDefinitionNode,
} from "graphql";

/** What an event is executed with. */
export interface EventOperation {
  schema: GraphQLSchema;
  document: DocumentNode;
}

/** The events of one schema. */
export class StreamEvents {
  readonly #schema: GraphQLSchema;
  readonly #withoutArguments: GraphQLSchema | undefined;
  readonly #documents = new WeakMap<DocumentNode, Map<string, EventOperation>>();

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
    this.#withoutArguments = schemaWithoutArguments(schema);
  }

  /** What stands for an operation when its events are executed. A root field that only a fragment has keeps its arguments. */
  of(document: DocumentNode, operationName: string | undefined): EventOperation {
    let known = this.#documents.get(document);
    if (known === undefined) this.#documents.set(document, (known = new Map<string, EventOperation>()));
    const name = operationName ?? "";
    let found = known.get(name);
    if (found === undefined) known.set(name, (found = this.#made(document, operationName)));
    return found;
  }

  #made(document: DocumentNode, operationName: string | undefined): EventOperation {
    const operation = getOperationAST(document, operationName);
    const fields = operation?.selectionSet.selections.filter((selection) => selection.kind === Kind.FIELD) ?? [];
    if (operation == null || this.#withoutArguments === undefined || fields.length !== operation.selectionSet.selections.length)
      return { schema: this.#schema, document };
    return { schema: this.#withoutArguments, document: documentWithoutArguments(document, operation, fields) };
  }
}

/** The same types, but for the root of subscriptions, whose resolvers see what happened and no arguments. */
function schemaWithoutArguments(schema: GraphQLSchema): GraphQLSchema | undefined {
  const root = schema.getSubscriptionType();
  if (root == null) return undefined;
  const { fields, ...rest } = root.toConfig();
  const bare = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, { ...field, args: {} }]));
  const { types, ...config } = schema.toConfig();
  return new GraphQLSchema({
    ...config,
    types: types.filter((type) => type !== root),
    subscription: new GraphQLObjectType({ ...rest, fields: bare }),
    assumeValid: true,
  });
}

function documentWithoutArguments(document: DocumentNode, operation: OperationDefinitionNode, fields: readonly FieldNode[]): DocumentNode {
  const bare = {
    ...operation,
    selectionSet: { ...operation.selectionSet, selections: fields.map((field) => ({ ...field, arguments: [] })) },
  };
  const others = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  const used = new Set<string>();
  visit(
    { kind: Kind.DOCUMENT, definitions: [{ ...bare, variableDefinitions: [] }, ...others] },
    { Variable: ({ name }) => void used.add(name.value) },
  );
  const variableDefinitions = operation.variableDefinitions?.filter(({ variable }) => used.has(variable.name.value)) ?? [];
  return { ...document, definitions: [{ ...bare, variableDefinitions }, ...others] };
}
