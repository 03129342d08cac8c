/**
 * How the events of a subscription are executed: each by itself, with a context of its own, and without the arguments of the stream, which were looked at when it
 * was opened. An event that coerced them again would cost as much as they are long, and a model call has megabytes of them for each word of its answer.
 */
import {
  defaultFieldResolver,
  execute,
  getOperationAST,
  GraphQLObjectType,
  GraphQLSchema,
  Kind,
  visit,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type FieldNode,
  type OperationDefinitionNode,
} from "graphql";
import { plainSelection, type Select } from "./plain-selection.ts";
import { OfDocuments, rootFieldOf, type RootField } from "./root-field.ts";

/** An event that is to be executed: what happened is its `rootValue`. */
export type StreamEvent = Pick<ExecutionArgs, "rootValue" | "contextValue" | "variableValues" | "operationName">;

/** Executes the events of one operation. */
export type ExecuteEvent = (event: StreamEvent) => Promise<ExecutionResult> | ExecutionResult;

/** The events of one schema. */
export class StreamEvents {
  readonly #schema: GraphQLSchema;
  readonly #withoutArguments: GraphQLSchema | undefined;
  readonly #operations = new OfDocuments((document, operationName) => this.#made(document, operationName));

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
    this.#withoutArguments = schemaWithoutArguments(schema);
  }

  /** How the events of an operation are executed. A root field that only a fragment has keeps its arguments. */
  of(document: DocumentNode, operationName: string | null | undefined): ExecuteEvent {
    return this.#operations.of(document, operationName);
  }

  #made(document: DocumentNode, operationName: string | undefined): ExecuteEvent {
    const operation = getOperationAST(document, operationName);
    const fields = operation?.selectionSet.selections.filter((selection) => selection.kind === Kind.FIELD) ?? [];
    if (operation == null || this.#withoutArguments === undefined || fields.length !== operation.selectionSet.selections.length)
      return (event) => execute({ ...event, schema: this.#schema, document });
    const bare = { schema: this.#withoutArguments, document: documentWithoutArguments(document, operation, fields) };
    const root = rootFieldOf(bare.schema, bare.document, operationName);
    const select = root && plainSelection(root.field.type, root.node);
    if (select === undefined) return (event) => execute({ ...event, ...bare });
    return async (event) => (await plainResult(event, root!, select)) ?? execute({ ...event, ...bare });
  }
}

/** What an event gives where that is plainly right; undefined: it is executed by graphql-js, as if nothing had been done. Resolvers of streams do no more than give the event. */
async function plainResult(
  { rootValue, contextValue }: StreamEvent,
  root: RootField,
  select: Select,
): Promise<ExecutionResult | undefined> {
  const { key, field, info } = root;
  try {
    const resolve = field.resolve ?? defaultFieldResolver;
    const value: unknown = await resolve(rootValue, {}, contextValue, { ...info, rootValue, variableValues: {} });
    return { data: { [key]: select(value) } };
  } catch {
    return undefined;
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
