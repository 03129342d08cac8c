import { defineErrors } from "#shared/errors.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import type { DslDocument } from "./document.ts";
import { nodeOptions, sessionHistory } from "./document.ts";
import { hasBody, nodeSpecs } from "./node-specs.ts";
import { canonicalNodeType } from "./node-types.ts";
import { validateDsl, type ValidateOptions } from "./validate.ts";

/** How many, in words. */
export function problems({ length }: readonly unknown[]): string {
  return length === 1 ? "1 problem" : `${length} problems`;
}

/** A document that cannot run; its issues are those of validateDsl. */
export const dslErrors = defineErrors({
  DSL_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { issues: Json }) => `The document has ${problems(f.issues as Json[])}; see issues.`,
  },
});

/**
 * Reads a document for running it: types are canonical, defaults filled in, empty conditions left out.
 *
 * @throws AppError DSL_INVALID with `issues`, when validateDsl finds an error
 */
export function readDsl(document: unknown, options: ValidateOptions = {}): DslDocument {
  const issues = validateDsl(document, options);
  if (issues.some((issue) => issue.severity === "ERROR")) throw dslErrors.DSL_INVALID({ issues: issues.map((issue) => ({ ...issue })) });
  const { timeout_seconds, input_schema, session_history, on_failure, concurrency } = document as Pick<
    DslDocument,
    "timeout_seconds" | "input_schema" | "session_history" | "on_failure" | "concurrency"
  >;
  return {
    ...readLists(document as JsonObject, options),
    ...(timeout_seconds !== undefined && { timeout_seconds }),
    ...(input_schema !== undefined && { input_schema }),
    ...(session_history !== undefined && { session_history: sessionHistory.parse(session_history) }),
    ...(on_failure !== undefined && { on_failure }),
    ...(concurrency !== undefined && { concurrency }),
  };
}

function readLists(document: JsonObject, options: ValidateOptions): DslDocument {
  const { nodes, edges = [] } = document as { nodes: JsonObject[]; edges?: JsonObject[] };
  return { nodes: nodes.map((node) => readNode(node, options)), edges: edges.map(readEdge) };
}

function readNode(node: JsonObject, options: ValidateOptions): DslDocument["nodes"][number] {
  const type = node["type"] as string;
  const isExtra = Object.hasOwn(options.extraTypes ?? {}, type);
  return {
    ...nodeOptions.parse(node),
    id: node["id"] as string,
    type: isExtra ? type : (canonicalNodeType(type) ?? type),
    config: readConfig(type, (node["config"] ?? {}) as JsonObject, options),
  };
}

function readConfig(type: string, config: JsonObject, options: ValidateOptions): JsonObject {
  const canonical = canonicalNodeType(type);
  if (canonical === undefined || !hasBody(nodeSpecs[canonical])) return config;
  return { ...config, body: readLists(config["body"] as JsonObject, options) as unknown as JsonObject };
}

function readEdge(edge: JsonObject): DslDocument["edges"][number] {
  const { source, target, condition } = edge as { source: string; target: string; condition?: string | null };
  return condition == null ? { source, target } : { source, target, condition };
}
