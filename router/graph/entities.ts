/** The data that a plan gathers: where a fetch's entities lie in it, and what represents them to the next subgraph. */
import "./telemetry-off.ts";
import { isObjectOfType } from "@apollo/gateway/dist/dataRewrites.js";
import { getResponseName, type QueryPlanSelectionNode } from "@apollo/query-planner";
import type { GraphQLSchema } from "graphql";
import { mergeInto, ownValue, type ResultObject } from "./result-object.ts";

/** An object of the gathered data, and how one gets there. */
export interface Cursor {
  data: ResultObject;
  path: PathLink | undefined;
}

interface PathLink {
  parent: PathLink | undefined;
  key: string | number;
}

/** The objects that lie at `path` beneath `from`, in order; "@" stands for all elements of a list. Nulls lead nowhere. */
export function cursorsAt(from: readonly Cursor[], path: readonly (string | number)[]): Cursor[] {
  const found: Cursor[] = [];
  for (const { data, path: start } of from) descend({ value: data, at: start, path, index: 0, found });
  return found;
}

interface Step {
  value: unknown;
  at: PathLink | undefined;
  path: readonly (string | number)[];
  index: number;
  found: Cursor[];
}

function descend({ value, at, path, index, found }: Step): void {
  if (value === null || value === undefined) return;
  if (Array.isArray(value)) {
    // A list of lists has several "@" in a row; a list at the end of a path is its elements.
    const next = path[index] === "@" ? index + 1 : index;
    value.forEach((element, key) => descend({ value: element, at: { parent: at, key }, path, index: next, found }));
    return;
  }
  const key = path[index];
  if (key === undefined) found.push({ data: value as ResultObject, path: at });
  else descend({ value: ownValue(value as ResultObject, String(key)), at: { parent: at, key }, path, index: index + 1, found });
}

/** A cursor's path in the response. */
export function pathTo(link: PathLink | undefined): (string | number)[] {
  const path: (string | number)[] = [];
  for (let at = link; at !== undefined; at = at.parent) path.unshift(at.key);
  return path;
}

/** What `requires` asks of an object, or undefined when a part of it is missing. */
export function representationOf(
  schema: GraphQLSchema,
  source: ResultObject,
  requires: readonly QueryPlanSelectionNode[],
): ResultObject | undefined {
  const projected = project(schema, source, requires);
  return projected?.["__typename"] === undefined || projected["__typename"] === null ? undefined : projected;
}

function project(schema: GraphQLSchema, source: ResultObject | null, selections: readonly QueryPlanSelectionNode[]): ResultObject | null {
  if (source === null) return null;
  const result: ResultObject = Object.create(null) as ResultObject;
  for (const selection of selections) {
    if (selection.kind === "Field") {
      const name = getResponseName(selection);
      const value = ownValue(source, name);
      if (value === undefined) return null;
      result[name] = projectValue(schema, value, selection.selections);
    } else if (selection.typeCondition !== undefined && isObjectOfType(schema, source, selection.typeCondition)) {
      mergeInto(result, project(schema, source, selection.selections));
    }
  }
  return result;
}

function projectValue(schema: GraphQLSchema, value: unknown, selections: readonly QueryPlanSelectionNode[] | undefined): unknown {
  if (selections === undefined || value === null) return value;
  if (Array.isArray(value)) return value.map((element) => projectValue(schema, element, selections));
  return project(schema, value as ResultObject, selections);
}
