import type { Json } from "#shared/json.ts";
import { RenderBudget } from "./budget.ts";
import type { TemplateScope } from "./scope.ts";
import { compileTemplate } from "./template.ts";

/**
 * Renders every text in a value, as deep as it goes; keys are taken as they are. A text that is a lone expression becomes
 * that expression's value.
 *
 * @param budget  one for the whole value: many templates cannot cost more than one may.
 * @throws AppError TEMPLATE_INVALID, TEMPLATE_FAILED, TEMPLATE_TOO_LARGE, TEMPLATE_TOO_SLOW
 */
export function renderDeep(value: Json, scope: TemplateScope, budget = new RenderBudget()): Json {
  if (typeof value === "string") return compileTemplate(value).render(scope, budget);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => renderDeep(item, scope, budget));
  const entries = Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, renderDeep(item, scope, budget)]]));
  return Object.fromEntries(entries) as Json;
}
