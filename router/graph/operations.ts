/**
 * Operations from text to plan: parsed, weighed, validated, planned, and kept. A plan is made once for a text and an operation name; what
 * a client sends again costs a hash and a look-up. What is kept is bounded by what it holds of the heap.
 */
import { createHash } from "node:crypto";
import { operationFromDocument } from "@apollo/federation-internals";
import { QueryPlanner, type FetchNode, type PlanNode, type QueryPlan } from "@apollo/query-planner";
import {
  getOperationAST,
  GraphQLError,
  Kind,
  KnownFragmentNamesRule,
  NoFragmentCyclesRule,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type FieldNode,
  type OperationDefinitionNode,
  type ValidationRule,
} from "graphql";
import { refuseDocument, refuseDocumentInTurns } from "#shared/json/nesting.ts";
import { LruCache } from "#shared/lru-cache.ts";
import { ownTurn } from "#shared/own-turn.ts";
import { finishAtOnce, finishInTurns, pieceUnits } from "#shared/pieces.ts";
import { withoutStacks } from "#shared/without-stacks.ts";
import { isSchemaField, withoutSchemaFields, withPlannedNames } from "./client-names.ts";
import { compileWeight, type WeighAnswer } from "./answer-weight.ts";
import { documentExcess, fragmentExcess, fragmentsOf, nameExcess, type Fragments } from "./document-weight.ts";
import { heapSizeOf } from "./heap-size.ts";
import { withValuesLifted, type LiftedValues } from "./lifted-values.ts";
import { errorsTold, moreErrors, tokensTold, type OperationLimits } from "./limits.ts";
import { rehearsedOperations } from "./rehearsal.ts";
import { RefusedOperation } from "./refused-operation.ts";
import { pointsExcess, rootPricesOf, type RootPrices } from "./root-points.ts";
import { authorize, rootScopesOf, type CallerFacts, type RootScopes } from "./root-scopes.ts";
import { tellable } from "./schema-secrecy.ts";
import { compileShape, type Shaper } from "./shape.ts";
import { conditionalRootFault } from "./subscription-root.ts";
import type { ComposedGraph } from "./supergraph.ts";

/** A valid operation with its plan. */
export interface PlannedOperation {
  document: DocumentNode;
  node: OperationDefinitionNode;
  /** By name and not by alias, each once. */
  rootFields: readonly string[];
  /** What variables are unless given. */
  defaults: Readonly<Record<string, unknown>>;
  /** What the plan has variables for. */
  lifted: LiftedValues;
  /** How large the answer may be, by the variables. */
  weighAnswer: WeighAnswer;
  /** Whether somebody outside is asked, such as a model. */
  callsOutside: boolean;
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
  limits: OperationLimits;
  /** Of the heap, for what is kept planned; {@link maxPlannedBytes} unless given. */
  maxPlannedBytes?: number;
}

/**
 * Of the heap, for all that is kept planned. A plan may be 300 times its text: one of 25 kB that has branches in several subgraphs
 * was 6 MB, a usual one is 10 to 100 kB.
 */
export const maxPlannedBytes = 64 << 20;
const maxPlanned = 1_000;
/** Nobody makes a mistake of a letter in such a text, in units of UTF-16. */
const longText = 65_536;

/** What the least of them holds. */
const leastBytes = 50_000;
/**
 * About what a token of a parsed document holds: itself, its part of the nodes made of it, and of what is compiled of a field, whether it is planned or not. With
 * the plan twice that is 1.1 to 3 times what the heap has of a document (November 2026).
 */
const tokenBytes = 600;
/** About what the compiled shape and weight of an operation hold, and what the planner keeps by the fields of its plan: as much as the plan. */
const compiledTimes = 1;

/** Steps of planning share a turn of the main loop until they have taken so long: those of usual operations are done in one. */
const stepMs = 10;

/** More gains little: a plan of 120 fields that took 90 to 120 ms of the processor takes 50 to 60 behind this much, and behind twice of it (November 2026). */
const rehearsalMs = 200;

/** An operation of a document that has been parsed. */
export interface ParsedOperation {
  /** Of the text. */
  hash: string;
  document: DocumentNode;
  operationName: string | null | undefined;
}

/** A valid document, with the plans of those of its operations that were asked for. */
interface KnownDocument {
  document: DocumentNode;
  fragments: Fragments;
  operations: Map<string, PlannedOperation>;
  sizeBytes: number;
}

/** The operations of one graph. */
export class Operations {
  readonly #graph: ComposedGraph;
  readonly #planner: QueryPlanner;
  readonly #rules: readonly ValidationRule[];
  readonly #limits: OperationLimits;
  readonly #prices: RootPrices;
  readonly #scopes: RootScopes;
  readonly #known: LruCache<KnownDocument>;

  constructor(options: OperationsOptions) {
    this.#graph = options.graph;
    this.#planner = new QueryPlanner(options.graph.supergraph, { exposeDocumentNodeInFetchNode: true });
    this.#prices = rootPricesOf(options.graph.supergraph.schema);
    this.#scopes = rootScopesOf(options.graph.supergraph.schema);
    this.#rules = [...specifiedRules, ...options.rules];
    this.#limits = options.limits;
    this.#known = new LruCache({ entries: maxPlanned, bytes: options.maxPlannedBytes ?? maxPlannedBytes });
  }

  /** What is kept, and about how much of the heap it has. */
  get kept(): { documents: number; bytes: number } {
    return { documents: this.#known.size, bytes: this.#known.bytes };
  }

  /** From text. @throws GraphQLError[] wrapped in {@link RefusedOperation}; AppError NESTED_TOO_DEEP, KEY_MISSING, SCOPE_MISSING */
  fromText(text: string, operationName: string | null | undefined, caller: CallerFacts = {}): PlannedOperation {
    return this.fromDocument({ ...this.parsed(text), operationName }, caller);
  }

  /** What a text says, whoever may ask for it. @throws RefusedOperation; AppError NESTED_TOO_DEEP */
  parsed(text: string): Omit<ParsedOperation, "operationName"> {
    const hash = hashOf(text);
    return { hash, document: this.documentOf(hash) ?? this.#parse(text) };
  }

  /** As {@link fromText}, in turns of the main loop. */
  async fromTextInTurns(text: string, operationName: string | null | undefined, caller: CallerFacts = {}): Promise<PlannedOperation> {
    const parsed = await this.parsedInTurns(text);
    return this.fromDocumentInTurns({ ...parsed, operationName }, caller);
  }

  /** As {@link parsed}, in turns of the main loop where the text is long. */
  async parsedInTurns(text: string): Promise<Omit<ParsedOperation, "operationName">> {
    if (text.length <= pieceUnits) return this.parsed(text);
    const hash = hashOf(text);
    const known = this.documentOf(hash);
    if (known !== undefined) return { hash, document: known };
    await refuseDocumentInTurns(text);
    await ownTurn();
    return { hash, document: this.#parseChecked(text) };
  }

  /** A document that is known to be valid, by the hash of its text. */
  documentOf(hash: string): DocumentNode | undefined {
    return this.#known.get(hash)?.document;
  }

  /** Whether one of the operations of a document is planned, so that it is short to look at. Each of them has a plan of its own. */
  isPlanned(hash: string, operationName: string | null | undefined): boolean {
    return this.#known.get(hash)?.operations.has(operationName || "") === true;
  }

  /**
   * From a document that has been parsed and nothing else: whether the caller may ask for it is known before it is validated, planned or run.
   *
   * @throws RefusedOperation; AppError KEY_MISSING, SCOPE_MISSING
   */
  fromDocument(parsed: ParsedOperation, caller: CallerFacts = {}): PlannedOperation {
    return finishAtOnce(this.#steps(parsed, caller));
  }

  /**
   * As {@link fromDocument}, in turns of the main loop where nobody has planned it yet: to validate and to plan what a document may have takes a twentieth of
   * a second each. What follows a step that took long has a turn of its own.
   */
  async fromDocumentInTurns(parsed: ParsedOperation, caller: CallerFacts = {}): Promise<PlannedOperation> {
    const steps = this.#steps(parsed, caller);
    if (this.isPlanned(parsed.hash, parsed.operationName)) return finishAtOnce(steps);
    // A long text was gone through and parsed in this turn.
    return finishInTurns(steps, { turnMs: stepMs, isOwn: (parsed.document.loc?.end ?? 0) <= pieceUnits });
  }

  *#steps({ hash, document, ...parsed }: ParsedOperation, caller: CallerFacts): Generator<void, PlannedOperation> {
    // Clients that have none send an empty one.
    const operationName = parsed.operationName || undefined;
    const name = operationName ?? "";
    const kept = this.#known.get(hash);
    if (caller.scopes !== undefined) {
      const node = kept?.operations.get(name)?.node ?? getOperationAST(document, operationName);
      const fields = kept?.operations.get(name)?.rootFields ?? (node == null ? [] : rootFieldsOf(document, node));
      if (node != null) authorize(node.operation, fields, caller, this.#scopes);
    }
    const known = kept ?? (yield* this.#validated(document, caller));
    return known.operations.get(name) ?? this.#kept({ hash, name, known }, yield* this.#plan(known, operationName));
  }

  /** Keeps what was planned; where somebody else was sooner, that stays. */
  #kept({ hash, name, known: mine }: { hash: string; name: string; known: KnownDocument }, planned: PlannedOperation): PlannedOperation {
    const known = this.#known.get(hash) ?? mine;
    const before = known.operations.get(name);
    if (before !== undefined) return before;
    known.operations.set(name, planned);
    known.sizeBytes += heapSizeOf([planned.plan, planned.defaults, planned.lifted], [known.document]) * (1 + compiledTimes);
    this.#known.set(hash, known, known.sizeBytes);
    return planned;
  }

  /** Plans what nobody asked for, in turns of the main loop, for so long by the clock: what somebody asks for next is planned as quickly as it will be. */
  async rehearse(withinMs = rehearsalMs): Promise<void> {
    const untilMs = performance.now() + withinMs;
    for (const text of rehearsedOperations(this.#graph.apiSchema)) {
      if (performance.now() > untilMs) return;
      await finishInTurns(this.#rehearsed(text), { turnMs: stepMs });
    }
  }

  *#rehearsed(text: string): Generator<void, void> {
    try {
      const known = yield* this.#validated(this.#parse(text), {});
      yield* this.#plan(known, undefined);
    } catch (error) {
      // With lower limits one of them may be too much.
      if (!(error instanceof RefusedOperation)) throw error;
    }
  }

  #parse(text: string): DocumentNode {
    refuseDocument(text);
    return this.#parseChecked(text);
  }

  #parseChecked(text: string): DocumentNode {
    try {
      return parse(text, { maxTokens: this.#limits.maxTokens });
    } catch (error) {
      throw error instanceof GraphQLError ? new RefusedOperation([coded(tokensTold(error, this.#limits), "GRAPHQL_PARSE_FAILED")]) : error;
    }
  }

  *#validated(document: DocumentNode, caller: CallerFacts): Generator<void, KnownDocument> {
    const errors = tellable(yield* this.#validate(document), caller);
    if (errors.length > 0)
      throw new RefusedOperation(
        errors.map((error) => coded(error, "GRAPHQL_VALIDATION_FAILED")),
        document,
      );
    const fragments = fragmentsOf(document);
    // The document keeps its whole text, two bytes a character.
    const sizeBytes = leastBytes + 2 * (document.loc?.end ?? 0) + tokensIn(document) * tokenBytes;
    yield;
    return { document, fragments, operations: new Map(), sizeBytes };
  }

  /** In steps, each of which bounds what the next one takes. */
  *#validate(document: DocumentNode): Generator<void, readonly GraphQLError[]> {
    const tooMany = [...nameExcess(document, this.#limits), ...fragmentExcess(document, this.#limits)];
    if (tooMany.length > 0) return tooMany;
    // Of fragments that are not there thousands may be spread, and the other rules would compare each of them with each.
    const cycles = this.#faults(document, [NoFragmentCyclesRule, KnownFragmentNamesRule]);
    if (cycles.length > 0) return cycles;
    yield;
    const excess = documentExcess(document, this.#limits);
    if (excess.length > 0) return excess;
    const fault = conditionalRootFault(document);
    if (fault !== undefined) return [new GraphQLError(fault.message, { originalError: fault })];
    yield;
    return this.#faults(document, this.#rules);
  }

  #faults(document: DocumentNode, rules: readonly ValidationRule[]): readonly GraphQLError[] {
    const maxErrors = errorsTold(document, this.#limits.maxErrors);
    // To look for what a name of 4 MB could have meant took 0.2 s.
    const hideSuggestions = (document.loc?.end ?? 0) > longText;
    const errors = withoutStacks(() => validate(this.#graph.apiSchema, document, rules, { maxErrors, hideSuggestions }));
    // graphql-js says of the rest only that it stops.
    return errors.length > maxErrors ? [...errors.slice(0, maxErrors), moreErrors(maxErrors)] : errors;
  }

  *#plan({ document, fragments }: KnownDocument, operationName: string | undefined): Generator<void, PlannedOperation> {
    const node = getOperationAST(document, operationName);
    if (node == null) throw new RefusedOperation([unknownOperation(operationName)]);
    const excess = pointsExcess(node, fragments, { prices: this.#prices, maxPoints: this.#limits.maxPoints });
    if (excess.length > 0) throw new RefusedOperation(excess, document);
    const { document: short, lifted } = withValuesLifted(document, node, this.#graph);
    yield;
    const renamed = withPlannedNames(short, this.#graph.neededNames);
    const operationOf = (asked: DocumentNode) =>
      operationFromDocument(this.#graph.api, asked, { validate: false, ...(operationName ? { operationName } : {}) });
    const operation = operationOf(renamed);
    const defaults: Record<string, unknown> = { ...operation.collectDefaultedVariableValues(), ...lifted.defaults };
    const weighAnswer = compileWeight({ node, fragments, schema: this.#graph.apiSchema, limits: this.#limits });
    const rootFields = rootFieldsOf(document, node);
    const callsOutside = rootFields.some((name) => this.#prices.outside.has(name));
    const shape = compileShape(operation);
    yield;
    const asksSchemaInFragments = rootFields.some(isSchemaField) && node.selectionSet.selections.some(({ kind }) => kind !== Kind.FIELD);
    const asked = asksSchemaInFragments ? withoutSchemaFields(renamed) : renamed;
    const plan =
      asked === undefined ? nothing : executable(this.#planner.buildQueryPlan(asked === renamed ? operation : operationOf(asked)));
    yield;
    return {
      document,
      node,
      rootFields,
      defaults,
      lifted,
      weighAnswer,
      callsOutside,
      shape,
      ...plan,
    };
  }
}

/** SHA-256 of an operation's text, in hex; what Apollo Server calls queryHash. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** An operation's root fields, those of its fragments too; each once, by name and not by alias. */
export function rootFieldsOf(document: DocumentNode, node: OperationDefinitionNode): string[] {
  const names = new Set(rootSelectionsOf(document, node).map(({ name }) => name.value));
  // A document that is refused may have any names.
  return [...names].map((name) => name.slice(0, longestName));
}

/** The root fields of a valid operation by the names under which they are answered. */
export function rootAnswersOf(document: DocumentNode, node: OperationDefinitionNode): Map<string, string> {
  return new Map(rootSelectionsOf(document, node).map(({ name, alias }) => [(alias ?? name).value, name.value]));
}

function rootSelectionsOf(document: DocumentNode, node: OperationDefinitionNode): FieldNode[] {
  const fields: FieldNode[] = [];
  const fragments = new Map(document.definitions.flatMap((d) => (d.kind === Kind.FRAGMENT_DEFINITION ? [[d.name.value, d] as const] : [])));
  const collect = (selections: OperationDefinitionNode["selectionSet"]["selections"]) => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) fields.push(selection);
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet.selections);
      else {
        const fragment = fragments.get(selection.name.value);
        // Deleted before it is entered: a document that refers to itself is audited too.
        if (fragments.delete(selection.name.value)) collect(fragment!.selectionSet.selections);
      }
    }
  };
  collect(node.selectionSet.selections);
  return fields;
}

const longestName = 200;

/** The planner plans subscriptions, but no executor of Apollo's runs them: here they become what any event can be run through. */
const nothing = { plan: undefined, primary: undefined };

function executable({ node }: QueryPlan): Pick<PlannedOperation, "plan" | "primary"> {
  if (node?.kind !== "Subscription") return { plan: node, primary: undefined };
  const { primary, rest } = node;
  return { primary, plan: { kind: "Sequence", nodes: rest === undefined ? [primary] : [primary, rest] } };
}

/** Lexical tokens of a parsed document, which knows its first one. */
function tokensIn({ loc }: DocumentNode): number {
  let count = 0;
  for (let token = loc?.startToken.next ?? null; token !== null; token = token.next) count++;
  return count;
}

const unknownOperation = (name: string | null | undefined) =>
  new GraphQLError(name ? `Unknown operation named "${name}".` : "Name the operation to run: operationName.", {
    extensions: { code: "OPERATION_RESOLUTION_FAILURE" },
  });

function coded(error: GraphQLError, code: string): GraphQLError {
  const { nodes, source, positions, extensions, originalError } = error;
  return new GraphQLError(error.message, { nodes, source, positions, originalError, extensions: { ...extensions, code } });
}
