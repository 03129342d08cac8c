import type { Json } from "#shared/json.ts";
import { RenderBudget } from "./budget.ts";
import type { TemplateScope } from "./scope.ts";
import { compileTemplate } from "./template.ts";

/** How a value is rendered. */
export interface DeepOptions {
  budget?: RenderBudget;
  leavesOut?: boolean;
}

/**
 * Renders every text in a value, as deep as it goes; keys are taken as they are. A text that is a lone expression becomes
 * that expression's value.
 *
 * @param options.budget  one for the whole value: many templates cannot cost more than one may.
 * @param options.leavesOut  whether an object's key is left out where its text is a lone expression that has no value; else it is null.
 * @throws AppError TEMPLATE_INVALID, TEMPLATE_FAILED, TEMPLATE_TOO_LARGE, TEMPLATE_TOO_SLOW
 */
export function renderDeep(value: Json, scope: TemplateScope, { budget = new RenderBudget(), leavesOut = false }: DeepOptions = {}): Json {
  const options = { budget, leavesOut };
  if (typeof value === "string") return compileTemplate(value).render(scope, budget);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => renderDeep(item, scope, options));
  const entries = Object.entries(value).flatMap(([key, item]) => {
    if (item === undefined) return [];
    const rendered = renderDeep(item, scope, options);
    // A null that the document itself has is meant.
    return leavesOut && rendered === null && item !== null ? [] : [[key, rendered]];
  });
  return Object.fromEntries(entries) as Json;
}
