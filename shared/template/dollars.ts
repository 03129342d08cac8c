/**
 * Templates of skills: text with `$name` and `${name}`, and `$$` for a dollar, as Python's string.Template has it. In braces a name may have hyphens. A dollar
 * before anything else stands for itself: a price is no parameter. What is put in is never read as a template.
 */
import type { Json, JsonObject } from "#shared/json.ts";
import { RenderBudget } from "./budget.ts";
import { textBytes } from "./text.ts";

const placeholder = /\$(?:(\$)|([A-Za-z_]\w*)|\{([\p{L}_][\p{L}\p{N}_-]*)\}|(\{))/gu;

/** Why a text cannot be used as a template; undefined: it can. */
export function dollarProblem(template: string): string | undefined {
  for (const { 4: open, index } of template.matchAll(placeholder)) {
    if (open === undefined) continue;
    const found = JSON.stringify(template.slice(index, index + 20).toWellFormed());
    return `has ${found} at character ${index + 1}, which is no parameter: write \${name}, or $$ for a dollar`;
  }
  return undefined;
}

/** The parameters that a template names and a value does not have, each once. */
export function missingParameters(template: string, values: JsonObject): string[] {
  const named = [...template.matchAll(placeholder)].flatMap(({ 2: plain, 3: braced }) => plain ?? braced ?? []);
  return [...new Set(named)].filter((name) => !Object.hasOwn(values, name) || values[name] === undefined);
}

/**
 * Renders a template in which nothing is missing: texts as they are, anything else as JSON.
 *
 * @throws AppError TEMPLATE_TOO_LARGE (> 1 MiB), before more than that is made
 */
export function renderDollars(template: string, values: JsonObject): string {
  const budget = new RenderBudget();
  const texts = new Map<string, string>();
  const parts: string[] = [];
  let end = 0;
  const add = (text: string): void => {
    budget.spend(textBytes(text));
    parts.push(text);
  };
  for (const { 0: whole, 1: dollar, 2: plain, 3: braced, index } of template.matchAll(placeholder)) {
    add(template.slice(end, index));
    const name = plain ?? braced;
    add(name === undefined ? (dollar ?? whole) : valueText(texts, name, values[name]));
    end = index + whole.length;
  }
  add(template.slice(end));
  return parts.join("");
}

/** The same as a Liquid template over `{ input }`, for texts that may be both. */
export function dollarsToLiquid(template: string): string {
  return template.replaceAll(placeholder, (whole: string, dollar?: string, plain?: string, braced?: string) => {
    const name = plain ?? braced;
    return name === undefined ? (dollar ?? whole) : `{{ input[${JSON.stringify(name)}] }}`;
  });
}

/** Made once, however often it is named. */
function valueText(known: Map<string, string>, name: string, value: Json | undefined): string {
  let text = known.get(name);
  if (text === undefined) known.set(name, (text = typeof value === "string" ? value : JSON.stringify(value ?? null)));
  return text;
}
