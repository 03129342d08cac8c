/**
 * Operations from text to plan: parsed, validated, planned, and kept. A plan is made once for a text and an operation name; what
 * a client sends again costs a hash and a look-up.
 */
import { createHash } from "node:crypto";
import { operationFromDocument } from "@apollo/federation-internals";
import { QueryPlanner, type FetchNode, type PlanNode, type QueryPlan } from "@apollo/query-planner";
import {
  getOperationAST,
  GraphQLError,
  Kind,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type OperationDefinitionNode,
  type ValidationRule,
} from "graphql";
import { refuseDeep } from "#shared/json/nesting.ts";
import { LruCache } from "#shared/lru-cache.ts";
import { compileShape, type Shaper } from "./shape.ts";
import { variableRootFault } from "./subscription-root.ts";
import type { ComposedGraph } from "./supergraph.ts";

/** A valid operation with its plan. */
export interface PlannedOperation {
  document: DocumentNode;
  node: OperationDefinitionNode;
  /** What variables are unless given. */
  defaults: Readonly<Record<string, unknown>>;
  /** Makes the response of what the plan gathers. */
  shape: Shaper;
  /** What to execute; absent when introspection alone answers. For a subscription: its primary, then the rest. */
  plan: PlanNode | undefined;
  /** Of a subscription: the fetch whose place each event takes. */
  primary: FetchNode | undefined;
}

export interface OperationsOptions {
  graph: ComposedGraph;
  /** Beside GraphQL's own. */
  rules: readonly ValidationRule[];
  maxTokens: number;
  /** Plans that are kept. */
  cacheSize?: number;
}

/** Of the texts of all operations that are kept planned: a single one may have megabytes, in a string. */
const maxPlannedBytes = 64 << 20;

/** The operations of one graph. */
export class Operations {
  readonly #graph: ComposedGraph;
  readonly #planner: QueryPlanner;
  readonly #rules: readonly ValidationRule[];
  readonly #maxTokens: number;
  readonly #planned: LruCache<PlannedOperation>;

  constructor(options: OperationsOptions) {
    this.#graph = options.graph;
    this.#planner = new QueryPlanner(options.graph.supergraph, { exposeDocumentNodeInFetchNode: true });
    this.#rules = [...specifiedRules, ...options.rules];
    this.#maxTokens = options.maxTokens;
    this.#planned = new LruCache({ entries: options.cacheSize ?? 1_000, bytes: maxPlannedBytes });
  }

  /** From text. @throws GraphQLError[] wrapped in {@link RefusedOperation}; AppError NESTED_TOO_DEEP */
  fromText(text: string, operationName: string | null | undefined): PlannedOperation {
    const hash = hashOf(text);
    const known = this.#planned.get(keyOf(hash, operationName));
    if (known !== undefined) return known;
    const document = this.#parse(text);
    const errors = this.#validate(document);
    if (errors.length > 0)
      throw new RefusedOperation(
        errors.map((error) => coded(error, "GRAPHQL_VALIDATION_FAILED")),
        document,
      );
    return this.fromDocument({ hash, document, operationName });
  }

  /** From a document that is valid already. */
  fromDocument(valid: { hash: string; document: DocumentNode; operationName: string | null | undefined }): PlannedOperation {
    const { document, operationName } = valid;
    const key = keyOf(valid.hash, operationName);
    const known = this.#planned.get(key);
    if (known !== undefined) return known;
    const node = getOperationAST(document, operationName);
    if (node == null) throw new RefusedOperation([unknownOperation(operationName)]);
    const operation = operationFromDocument(this.#graph.api, document, { validate: false, ...(operationName ? { operationName } : {}) });
    const defaults = operation.collectDefaultedVariableValues() as Record<string, unknown>;
    const planned = { document, node, defaults, shape: compileShape(operation), ...executable(this.#planner.buildQueryPlan(operation)) };
    // The document keeps its whole text, two bytes a character.
    this.#planned.set(key, planned, 2 * (document.loc?.end ?? 0));
    return planned;
  }

  #parse(text: string): DocumentNode {
    refuseDeep(text);
    try {
      return parse(text, { maxTokens: this.#maxTokens });
    } catch (error) {
      throw error instanceof GraphQLError ? new RefusedOperation([coded(error, "GRAPHQL_PARSE_FAILED")]) : error;
    }
  }

  #validate(document: DocumentNode): readonly GraphQLError[] {
    const fault = variableRootFault(document);
    if (fault !== undefined) return [new GraphQLError(fault.message, { originalError: fault })];
    return validate(this.#graph.apiSchema, document, this.#rules);
  }
}

/** An operation that is not run; `errors` are for its client. */
export class RefusedOperation extends Error {
  constructor(
    readonly errors: readonly GraphQLError[],
    /** What could be read of it. */
    readonly document?: DocumentNode,
  ) {
    super(errors[0]?.message ?? "operation refused");
  }
}

/** SHA-256 of an operation's text, in hex; what Apollo Server calls queryHash. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** An operation's root fields, those of its fragments too; each once, by name and not by alias. */
export function rootFieldsOf(document: DocumentNode, node: OperationDefinitionNode): string[] {
  const names = new Set<string>();
  const fragments = new Map(document.definitions.flatMap((d) => (d.kind === Kind.FRAGMENT_DEFINITION ? [[d.name.value, d] as const] : [])));
  const collect = (selections: OperationDefinitionNode["selectionSet"]["selections"]) => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) names.add(selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet.selections);
      else {
        const fragment = fragments.get(selection.name.value);
        // Deleted before it is entered: a document that refers to itself is audited too.
        if (fragments.delete(selection.name.value)) collect(fragment!.selectionSet.selections);
      }
    }
  };
  collect(node.selectionSet.selections);
  return [...names];
}

/** The planner plans subscriptions, but no executor of Apollo's runs them: here they become what any event can be run through. */
function executable({ node }: QueryPlan): Pick<PlannedOperation, "plan" | "primary"> {
  if (node?.kind !== "Subscription") return { plan: node, primary: undefined };
  const { primary, rest } = node;
  return { primary, plan: { kind: "Sequence", nodes: rest === undefined ? [primary] : [primary, rest] } };
}

const keyOf = (hash: string, operationName: string | null | undefined) => `${hash} ${operationName ?? ""}`;

const unknownOperation = (name: string | null | undefined) =>
  new GraphQLError(name ? `Unknown operation named "${name}".` : "Name the operation to run: operationName.", {
    extensions: { code: "OPERATION_RESOLUTION_FAILURE" },
  });

function coded(error: GraphQLError, code: string): GraphQLError {
  const { nodes, source, positions, extensions, originalError } = error;
  return new GraphQLError(error.message, { nodes, source, positions, originalError, extensions: { ...extensions, code } });
}
