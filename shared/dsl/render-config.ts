import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { RenderBudget } from "#shared/template/budget.ts";
import { renderDeep } from "#shared/template/render-deep.ts";
import type { TemplateScope } from "#shared/template/scope.ts";
import { compileTemplate } from "#shared/template/template.ts";
import { templateFields } from "./node-specs.ts";

/**
 * Renders the template fields of a node's config; what is to be taken literally stays as it is. Fields for text become text
 * whatever the value is; in the others lone expressions keep their type, and are null, or absent, where they have no value.
 *
 * @returns a copy; the config itself and its scope are not changed.
 * @throws AppError TEMPLATE_FAILED, TEMPLATE_TOO_LARGE, TEMPLATE_TOO_SLOW: one budget for the whole config
 */
export function renderConfig(type: string, config: JsonObject, scope: TemplateScope, budget = new RenderBudget()): JsonObject {
  let rendered: Json = config;
  for (const { field, as } of templateFields(type))
    rendered = mapField(rendered, field.split("."), (value) =>
      as === "text"
        ? mapTexts(value, (template) => compileTemplate(template).renderText(scope, budget))
        : renderDeep(value, scope, { budget, leavesOut: as === "keys" }),
    );
  return rendered as JsonObject;
}

/** Applies a function to the values at a path, `*` being each item of a list; a path that is not there changes nothing. */
function mapField(value: Json, [key, ...rest]: string[], change: (value: Json) => Json): Json {
  if (key === undefined) return change(value);
  if (key === "*") return Array.isArray(value) ? value.map((item) => mapField(item, rest, change)) : value;
  const item = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return item === undefined ? value : { ...(value as JsonObject), [key]: mapField(item, rest, change) };
}

/** The texts of a value, however deep; its keys are no texts. */
function mapTexts(value: Json, change: (text: string) => string): Json {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, item === undefined ? item : mapTexts(item, change)]));
}
