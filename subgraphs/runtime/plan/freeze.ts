import { isRunTimeout, sessionHistory, type DslDocument } from "#shared/dsl/document.ts";
import { canonicalNodeType } from "#shared/dsl/node-types.ts";
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import { bodyOf, maxRoundsUnlessGiven } from "../engine/composite.ts";
import type { PlanDocument, PlanEdge, PlanNode } from "../engine/plan.ts";

/**
 * The document as a plan says it: aliases resolved, what is only for people (names) left out, so that equal work has an equal hash.
 * The workflow subgraph has validated it.
 */
export function planDocument(dsl: DslDocument): PlanDocument {
  const { timeout_seconds: seconds, input_schema: schema, session_history: history, on_failure, concurrency } = dsl;
  return {
    nodes: dsl.nodes.map(planNode),
    edges: (dsl.edges ?? []).map(planEdge),
    ...(isRunTimeout(seconds) && { timeout_seconds: seconds }),
    ...(on_failure !== undefined && { on_failure: workflowNamed(on_failure) }),
    ...(concurrency !== undefined && { concurrency }),
    ...(history !== undefined && { session_history: sessionHistory.parse(history) }),
    ...(isJsonObject(schema) && { input_schema: schema }),
  };
}

/** By one word: its id, or its code. */
function workflowNamed(named: NonNullable<DslDocument["on_failure"]>): string {
  if (typeof named === "string") return named;
  return "workflow_id" in named ? named.workflow_id : named.workflow_code;
}

function planNode({ id, type, config, retry, at_most_once, timeout_seconds, on_error }: DslDocument["nodes"][number]): PlanNode {
  return {
    id,
    type: canonicalNodeType(type) ?? type,
    config: planConfig(type, config ?? {}),
    ...(retry && { retry }),
    ...(at_most_once !== undefined && { at_most_once }),
    ...(timeout_seconds !== undefined && { timeout_seconds }),
    ...(on_error !== undefined && on_error !== "fail" && { on_error }),
  };
}

/** What the engine goes by is written out: another version of it must not go by another. */
const unlessGiven: Readonly<Record<string, JsonObject>> = { loop: { max_rounds: maxRoundsUnlessGiven } };

function planConfig(name: string, given: JsonObject): JsonObject {
  const type = canonicalNodeType(name) ?? name;
  const config = unlessGiven[type] === undefined ? given : { ...unlessGiven[type], ...given };
  const body = bodyOf({ type, config });
  // Its nodes and edges were read as those of the document were.
  return body === undefined ? config : { ...config, body: planDocument(body as unknown as DslDocument) as unknown as JsonObject };
}

function planEdge({ source, target, condition }: DslDocument["edges"][number]): PlanEdge {
  return condition == null ? { source, target } : { source, target, condition };
}
