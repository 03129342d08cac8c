/** Runs a plan of Apollo's planner: fetches in its order, merges what comes back, and shapes the response as the client asked. */
import type { ConditionNode, FetchNode, PlanNode } from "@apollo/query-planner";
import { executeSync, GraphQLError, Kind, OperationTypeNode, type ExecutionResult, type FieldNode, type SelectionSetNode } from "graphql";
import { clientError } from "#shared/client-error.ts";
import { defineErrors } from "#shared/errors.ts";
import { ownTurn } from "#shared/own-turn.ts";
import type { AnswerMeter } from "./answer-bytes.ts";
import type { ComposedGraph } from "./supergraph.ts";
import { clientName } from "./client-names.ts";
import { cursorsAt, pathTo, representationOf, type Cursor } from "./entities.ts";
import { Failures, type FailedField } from "./failures.ts";
import { usedVariables } from "./lifted-values.ts";
import type { PlannedOperation } from "./operations.ts";
import { isResultObject, mergeInto, type ResultObject } from "./result-object.ts";
import { applyRewrites } from "./rewrites.ts";
import type { MissingField } from "./shape.ts";

/** Sends one fetch of a plan to its subgraph; `field` says for which field of the response. */
export type FetchSubgraph = (fetch: FetchNode, variables: Record<string, unknown>, field: () => string) => Promise<ExecutionResult>;

export interface PlanRun {
  graph: ComposedGraph;
  planned: PlannedOperation;
  variables: Record<string, unknown>;
  fetch: FetchSubgraph;
  /** Says when the answer has become too large. */
  meter: Pick<AnswerMeter, "refusal">;
  /** Waits until the schema's part of the answer may be made, which is long work of the main loop. No subscription has one. */
  schemaTurn?: () => Promise<() => void>;
  /** Of a subscription: the event, which stands where the primary fetch's answer would. */
  event?: ExecutionResult;
  /** Hears of bugs; clients see INTERNAL. */
  report: (cause: unknown) => void;
}

/** Runs the plan; never rejects for what a subgraph does. */
export async function executePlan(run: PlanRun): Promise<ExecutionResult> {
  const { planned, variables } = run;
  const state: State = { ...run, errors: [], gone: undefined, failures: undefined };
  const data = Object.create(null) as ResultObject;
  if (planned.plan !== undefined) await runNode(state, planned.plan, [{ data, path: undefined }]);
  // What there is of it is let go: the whole of it is too much, and a part would be taken for the whole.
  if (run.meter.refusal !== undefined) return { errors: [clientError(run.meter.refusal)], data: null };
  const { gone, failures } = state;
  const ofSchema: FieldNode[] = [];
  const introspect = (field: FieldNode) => {
    ofSchema.push(field);
    return null;
  };
  const shaped = planned.shape({ input: data, variables, introspect, gone, failures });
  if (ofSchema.length > 0 && shaped.data !== null) await introspectInTurns(run, ofSchema, shaped.data);
  const told = [...state.errors, ...(failures === undefined ? [] : failureErrors(failures, shaped.failed))];
  // Shaping complains of nulls that an error explains already.
  const errors = told.length > 0 ? told : shaped.errors.map((error) => clientError(error, { report: run.report }));
  if (errors.length > 0) return { errors, data: shaped.data };
  const [missing] = shaped.missing;
  if (missing === undefined) return { data: shaped.data };
  // Told as Apollo's gateway does: that a record is gone is no error. But the specification has no null `data` without one.
  return shaped.data === null
    ? { errors: [recordGone(missing)], data: null }
    : { data: shaped.data, extensions: { valueCompletion: shaped.missing } };
}

/** Answers what is asked of the schema, which others wait for; each field in a turn of its own, for it is long to make. */
async function introspectInTurns(run: PlanRun, fields: readonly FieldNode[], data: ResultObject): Promise<void> {
  const leave = await run.schemaTurn?.();
  try {
    for (const field of fields) {
      await ownTurn();
      const name = (field.alias ?? field.name).value;
      data[name] = introspected(run, field)?.[name];
    }
  } finally {
    leave?.();
  }
}

/** Fields that are told one by one; behind them a fetch that failed is told once. */
const maxFailedFields = 1_000;

/** An error for each field that could not be fetched; one without a field in the answer, as of a field that another one requires, at its place. */
function failureErrors(failures: Failures, failed: readonly FailedField[]): GraphQLError[] {
  const shown = failed.slice(0, maxFailedFields);
  const seen = new Set(shown.map(({ failure }) => failure));
  return [
    ...shown.map(({ failure: { error }, path }) => new GraphQLError(error.message, { path, extensions: error.extensions })),
    ...failures.all.filter((failure) => !seen.has(failure)).map(({ error }) => error),
  ];
}

const planErrors = defineErrors({
  REFERENCED_RECORD_GONE: {
    code: "NOT_FOUND",
    message: (f: { field: string }) =>
      `The record that has ${f.field} is not there any more, and nothing in the answer may be null in its place.`,
  },
});

function recordGone({ path }: MissingField): GraphQLError {
  const made = planErrors.REFERENCED_RECORD_GONE({ field: path.join(".") });
  return new GraphQLError(made.message, { path, originalError: made });
}

interface State extends PlanRun {
  errors: GraphQLError[];
  /** Objects for which a subgraph answered null; made with the first of them. */
  gone: Set<object> | undefined;
  /** Made with the first of them. */
  failures: Failures | undefined;
}

async function runNode(state: State, node: PlanNode, cursors: readonly Cursor[]): Promise<void> {
  switch (node.kind) {
    case "Sequence":
      for (const child of node.nodes) await runNode(state, child, cursors);
      return;
    case "Parallel":
      await Promise.all(node.nodes.map((child) => runNode(state, child, cursors)));
      return;
    case "Flatten": {
      const found = cursorsAt(cursors, node.path);
      if (found.length > 0) await runNode(state, node.node, found);
      return;
    }
    case "Condition": {
      const branch = conditionHolds(state, node) ? node.ifClause : node.elseClause;
      if (branch !== undefined) await runNode(state, branch, cursors);
      return;
    }
    case "Fetch":
      return node.requires === undefined ? fetchRoot(state, node, cursors) : fetchEntities(state, node, cursors);
    case "Defer":
      // The planner makes none: enableDefer is off.
      throw new Error("the plan defers, which nothing here does");
  }
}

function conditionHolds({ planned, variables }: State, { condition }: ConditionNode): boolean {
  const isGiven = Object.hasOwn(variables, condition) && variables[condition] !== undefined;
  const value = (isGiven ? variables : planned.defaults)[condition];
  if (typeof value !== "boolean") throw new Error(`the variable ${condition} of a @skip or @include is no boolean`);
  return value;
}

async function fetchRoot(state: State, node: FetchNode, cursors: readonly Cursor[]): Promise<void> {
  const result = await send(state, node, {
    variables: variablesOf(state, node),
    placeOf: (path) => {
      const around = pathTo(cursors[0]?.path);
      return path?.length ? { path: [...around, ...path] } : { path: around.length === 0 ? undefined : around, failed: cursors };
    },
    field: () => fieldAt(cursors, node),
  });
  if (!isResultObject(result?.data)) return;
  applyRewrites(state.graph.supergraphSchema, node.outputRewrites, result.data);
  for (const { data } of cursors) mergeInto(data, result.data);
}

async function fetchEntities(state: State, node: FetchNode, cursors: readonly Cursor[]): Promise<void> {
  const asked: Cursor[] = [];
  const representations: ResultObject[] = [];
  for (const cursor of cursors) {
    const representation = representationOf(state.graph.supergraphSchema, cursor.data, node.requires ?? []);
    if (representation === undefined) continue;
    applyRewrites(state.graph.supergraphSchema, node.inputRewrites, representation);
    asked.push(cursor);
    representations.push(representation);
  }
  if (asked.length === 0) return;
  const result = await send(state, node, {
    variables: { ...variablesOf(state, node), representations },
    placeOf: (path) => placeOfEntity(path, asked),
    field: () => fieldAt(asked, node),
  });
  const entities: unknown = result?.data?.["_entities"];
  if (!Array.isArray(entities)) return;
  asked.forEach(({ data }, index) => {
    const entity: unknown = entities[index];
    if (entity === null) (state.gone ??= new Set()).add(data);
    if (!isResultObject(entity)) return;
    entity["__typename"] ??= data["__typename"];
    applyRewrites(state.graph.supergraphSchema, node.outputRewrites, entity);
    mergeInto(data, entity);
  });
}

/** Where in the response an error of a subgraph belongs. */
interface Place {
  path: readonly (string | number)[] | undefined;
  /** Objects that lack all that was to be fetched for them; where the error is of a field, none. */
  failed?: readonly Cursor[];
}

/** `["_entities", 3, …]` is where the third object that was asked for lies. */
function placeOfEntity(path: readonly (string | number)[] | undefined, asked: readonly Cursor[]): Place {
  const cursor = typeof path?.[1] === "number" ? asked[path[1]] : asked.length === 1 ? asked[0] : undefined;
  if (cursor === undefined) return { path: undefined, failed: asked };
  const [at, beneath] = [pathTo(cursor.path), path?.slice(2) ?? []];
  return beneath.length > 0 ? { path: [...at, ...beneath] } : { path: at, failed: [cursor] };
}

interface Sending {
  variables: Record<string, unknown>;
  /** Finds the place of an error, by its path in the subgraph's answer. */
  placeOf: (path: readonly (string | number)[] | undefined) => Place;
  /** The fields of the response that it is about. */
  field: () => string;
}

/** Where in the response a fetch's fields go, without the places in lists; a few of them. */
function fieldAt([first]: readonly Cursor[], node: FetchNode): string {
  const names = namesOf(node).map(clientName);
  const around = pathTo(first?.path)
    .filter((step) => typeof step === "string")
    .map(clientName);
  const shown = names.slice(0, 5).join(", ") + (names.length > 5 ? ", …" : "");
  return around.length === 0 ? shown : `${around.join(".")} (${shown})`;
}

/** The fields that a fetch brings to each of its objects, as they are gathered. */
function namesOf({ operationDocumentNode: document }: FetchNode): string[] {
  return (document?.definitions ?? []).flatMap((each) => (each.kind === Kind.OPERATION_DEFINITION ? namesIn(each.selectionSet) : []));
}

/** The names of a selection; of entities, what is asked of them. */
function namesIn({ selections }: SelectionSetNode): string[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return [];
    const isAround = selection.kind === Kind.INLINE_FRAGMENT || selection.name.value === "_entities";
    return isAround ? namesIn(selection.selectionSet!) : (selection.alias ?? selection.name).value;
  });
}

/** Asks the subgraph, or takes the event in its place; what goes wrong becomes errors, and undefined. */
async function send(state: State, node: FetchNode, { variables, placeOf, field }: Sending): Promise<ExecutionResult | undefined> {
  const { serviceName } = node;
  const fail = (cause: unknown, at: readonly (string | number)[] | undefined) => {
    const told = clientError(cause, { serviceName, report: state.report });
    const { path, failed } = placeOf(at);
    const shown = path?.map((step) => (typeof step === "string" ? clientName(step) : step));
    const error = new GraphQLError(told.message, { path: shown, extensions: told.extensions });
    if (failed === undefined) return state.errors.push(error);
    const objects = failed.map(({ data }) => data);
    return (state.failures ??= new Failures()).add(objects, { error, names: new Set(namesOf(node)) });
  };
  try {
    const isEvent = state.event !== undefined && node === state.planned.primary;
    const result = isEvent ? state.event! : await state.fetch(node, variables, field);
    for (const error of result.errors ?? []) fail(error, error.path);
    return result;
  } catch (error) {
    fail(error, undefined);
    return undefined;
  }
}

const variablesOf = ({ variables, planned }: State, { variableUsages }: FetchNode) =>
  usedVariables(variableUsages, variables, planned.lifted);

/** `__schema` and `__type` are answered here, from the public schema. */
function introspected({ graph, planned, variables }: PlanRun, node: FieldNode): ExecutionResult["data"] {
  const { data } = executeSync({
    schema: graph.apiSchema,
    document: {
      kind: Kind.DOCUMENT,
      definitions: [
        {
          kind: Kind.OPERATION_DEFINITION,
          operation: OperationTypeNode.QUERY,
          variableDefinitions: planned.node.variableDefinitions ?? [],
          selectionSet: { kind: Kind.SELECTION_SET, selections: [node] },
        },
      ],
    },
    variableValues: variables,
  });
  return data;
}
