/** What a node gives that has a mock: the same as the node itself would have given. Pure. */
import { nodeSpecs } from "#shared/dsl/node-specs.ts";
import { canonicalNodeType } from "#shared/dsl/node-types.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { edgeRoutes, type CompiledNode } from "../engine/plan.ts";
import { writtenBy } from "./assigner.node.ts";
import type { NodeExecutor, NodeOutcome } from "./executor.ts";
import { completed, failed } from "./outcome.ts";

/** Codes of failures are words, as the platform's own are. */
const codePattern = /^[A-Z][A-Z0-9_]{0,63}$/;

/** A mock as it was meant. */
interface MockedOutput {
  text: string | undefined;
  output: Json | undefined;
}

/** What stands in the place of a node, which is executed neither here nor elsewhere. */
export function mockExecutor(node: CompiledNode, mock: Json): NodeExecutor {
  return { effect: "pure", run: () => mockOutcome(node, mock) };
}

/** A mock as an outcome. Of a node that branches {@link mockFault} has seen that it says the way. */
export function mockOutcome(node: CompiledNode, mock: Json): NodeOutcome {
  const error = mockedError(mock);
  if (error !== undefined) return failed(error);
  const { text, output } = mockedOutput(mock);
  const route = routesOf(node).length > 0 ? routeOf(node, mock) : undefined;
  if (route !== undefined) {
    const whole = isJsonObject(output);
    return completed({
      ...(whole && text !== undefined && { outputText: text }),
      outputJson: whole ? withAction(node, output, route) : routeOutput(node, route),
      route,
    });
  }
  const updates = node.type === "assigner" && isJsonObject(output) ? output["state_updates"] : undefined;
  return completed({
    ...(text !== undefined && { outputText: text }),
    ...(output !== undefined && { outputJson: output }),
    ...(isJsonObject(updates) && writtenBy(updates)),
  });
}

/** What the node gives beside its route. */
function routeOutput({ type }: CompiledNode, route: string): JsonObject {
  if (type === "human-input") return { action: route };
  return type === "if-else" ? { condition_result: route === "true", route } : { route };
}

/** A person's answer has its action in its output, however the mock says it. */
function withAction({ type }: CompiledNode, output: JsonObject, route: string): JsonObject {
  if (type !== "human-input" || output["action"] !== undefined) return output;
  const { route: _said, ...values } = output;
  return { ...values, action: route };
}

/** Why a value is no mock of a node, in words that go on from its name; undefined: it is one. */
export function mockFault(node: CompiledNode, mock: Json): string | undefined {
  if (isErrorMock(mock))
    return mockedError(mock) === undefined
      ? 'is an error with a code in capitals, such as { "error": { "code": "TOOL_HTTP_ERROR", "message"? } }'
      : undefined;
  const routes = routesOf(node);
  if (routes.length === 0 || routes.includes(routeOf(node, mock) ?? "")) return undefined;
  const known = routes.map((route) => JSON.stringify(route)).join(" or ");
  return `says on which route the run goes on, as { "route": … }: ${known}`;
}

/**
 * A text is the node's text, and its output; of an object its `text` is. `{ output, text }`, as expressions see a node, and `{ output_text, output_json }`, as
 * `on_error` has it, say both.
 */
function mockedOutput(mock: Json): MockedOutput {
  if (typeof mock === "string") return { text: mock, output: mock };
  if (!isJsonObject(mock)) return { text: undefined, output: mock };
  if (hasOnly(mock, ["output_text", "output_json"])) return { text: textOf(mock["output_text"]), output: mock["output_json"] };
  if (hasOnly(mock, ["output", "text"]) && "output" in mock) return { text: textOf(mock["text"]), output: mock["output"] };
  return { text: textOf(mock["text"]), output: mock };
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function hasOnly(mock: JsonObject, keys: readonly string[]): boolean {
  const own = Object.keys(mock);
  return own.length > 0 && own.every((key) => keys.includes(key));
}

/** Whether a mock is a failure. */
export function isErrorMock(mock: Json): boolean {
  return isJsonObject(mock) && hasOnly(mock, ["error"]);
}

function mockedError(mock: Json): { code: string; message: string } | undefined {
  const error = isJsonObject(mock) && isErrorMock(mock) ? mock["error"] : undefined;
  if (!isJsonObject(error)) return undefined;
  const { code, message = "The mock says so." } = error;
  return typeof code === "string" && codePattern.test(code) && typeof message === "string" ? { code, message } : undefined;
}

/** As its type says it in its output; or the mock is the route alone. */
function routeOf({ type }: CompiledNode, mock: Json): string | undefined {
  const { output } = mockedOutput(mock);
  if (typeof output === "string" || typeof output === "boolean") return String(output);
  if (!isJsonObject(output)) return undefined;
  const route =
    output["route"] ?? (type === "if-else" ? output["condition_result"] : type === "human-input" ? output["action"] : undefined);
  return typeof route === "string" || typeof route === "boolean" ? String(route) : undefined;
}

/** Those that its edges have, and those that its type has: an if-else with one branch only may end the run on the other. */
export function routesOf(node: CompiledNode): string[] {
  const conditions = edgeRoutes(node);
  const canonical = canonicalNodeType(node.type);
  if (conditions.length === 0 || canonical === undefined) return conditions;
  return [...new Set([...conditions, ...nodeSpecs[canonical].routes(node.config)])];
}
