/**
 * What a plan changes of the data between two fetches: a type's name that another subgraph has otherwise, and keys under which fields were asked for that one
 * answer could not have under one name.
 */
import "./telemetry-off.ts";
import { isObjectOfType } from "@apollo/gateway/dist/dataRewrites.js";
import type { FetchDataRewrite } from "@apollo/query-planner";
import type { GraphQLSchema } from "graphql";
import { isResultObject, ownValue, setOwn, type ResultObject } from "./result-object.ts";

/** How a path of a rewrite says that it goes on for one type only. */
const onType = "... on ";

/** Makes the changes, in what is given. */
export function applyRewrites(schema: GraphQLSchema, rewrites: readonly FetchDataRewrite[] | undefined, value: unknown): void {
  for (const rewrite of rewrites ?? []) {
    const key = rewrite.path.at(-1);
    if (key === undefined) continue;
    for (const object of objectsAt({ schema, path: rewrite.path.slice(0, -1) }, value)) applyTo(object, key, rewrite);
  }
}

function applyTo(object: ResultObject, key: string, rewrite: FetchDataRewrite): void {
  if (rewrite.kind === "ValueSetter") return setOwn(object, key, rewrite.setValueTo);
  const value = ownValue(object, key);
  // Any value, 0 and "" too. Only one of the keys of an object has one: the others were asked for other types.
  if (value === undefined) return;
  setOwn(object, rewrite.renameKeyTo, value);
  object[key] = undefined;
}

/** The objects that lie at a path of fields and type conditions; lists are gone through. */
function* objectsAt(at: { schema: GraphQLSchema; path: readonly string[] }, value: unknown, index = 0): Generator<ResultObject> {
  if (Array.isArray(value)) {
    for (const item of value) yield* objectsAt(at, item, index);
    return;
  }
  if (!isResultObject(value)) return;
  const step = at.path[index];
  if (step === undefined) yield value;
  else if (!step.startsWith(onType)) yield* objectsAt(at, ownValue(value, step), index + 1);
  // What does not say its type may be of any.
  else if (isObjectOfType(at.schema, value, step.slice(onType.length), true)) yield* objectsAt(at, value, index + 1);
}
