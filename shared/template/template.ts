/**
 * Templates: Liquid (https://liquidjs.com) over `input`, `state`, `nodes`, `current`, `run` and `session`. A template that is exactly one expression
 * keeps its value's type; any other gives text. A missing path is null alone, and empty beside text: validateDsl is where it is reported.
 */
import type { Json } from "#shared/json.ts";
import { Output, TypeGuards, type Liquid, type Template as LiquidTemplate, type Value } from "liquidjs";
import { boundRanges, refuseLongNumbers, refuseLongPaths } from "./bounds.ts";
import { RenderBudget, templateLimits } from "./budget.ts";
import { textEngine, valueEngine } from "./engine.ts";
import { templateErrors } from "./errors.ts";
import { parseFailure, renderFailure } from "./failures.ts";
import { LineTable } from "./lines.ts";
import { memoBySource } from "./memo.ts";
import { partsOf, readPath, type Part } from "./path.ts";
import { readsOf } from "./references.ts";
import type { Reference, TemplateScope } from "./scope.ts";
import { simplePaths } from "./simple.ts";
import { jsonBytes, textBytes, textOf } from "./text.ts";
import { ValueContext } from "./values.ts";

/** A template that was read once and can be rendered any number of times. */
export interface Template {
  readonly source: string;
  /** True when it is one `{{ … }}` and nothing else but white space: then `render` keeps the value's type. */
  readonly lone: boolean;
  /** Every path that it reads, in reading order. */
  readonly references: readonly Reference[];
  /** False: it may read what no reference says. */
  readonly referencesComplete: boolean;
  /** The paths that it reads, where rendering it is linear in the values there (simple.ts); null for any other. */
  readonly simple: readonly (readonly string[])[] | null;
  /**
   * The text, or the raw value of a lone expression (null when there is none; white space around it counts only beside text).
   *
   * @param budget  what it may cost together with others; its own 1 MiB and 500 ms by default.
   * @throws AppError TEMPLATE_FAILED, TEMPLATE_TOO_LARGE, TEMPLATE_TOO_SLOW
   */
  render(scope: TemplateScope, budget?: RenderBudget): Json;
  /** Always text; an object or an array is rendered as JSON. */
  renderText(scope: TemplateScope, budget?: RenderBudget): string;
}

/**
 * Reads a template. What was read is remembered, so callers need not keep it.
 *
 * @throws AppError TEMPLATE_INVALID with line and column
 */
export const compileTemplate: (source: string) => Template = memoBySource(compile);

/** True when the text has nothing to render, so that its rendering is itself. */
export function isPlainText(source: string): boolean {
  return !source.includes("{{") && !source.includes("{%");
}

function compile(source: string): Template {
  if (isPlainText(source)) return plainTemplate(source);
  refuseTooManyTags(source);
  const templates = parse(source);
  refuseLeftOvers(templates, source);
  refuseLongPaths(templates, source);
  refuseLongNumbers(templates, source);
  const { references, complete: referencesComplete } = readsOf(templates, source);
  boundRanges(templates);
  const lone = loneOutput(templates);
  const renderText = textRenderer(source, templates);
  const render = lone === null ? renderText : valueRenderer(source, lone, renderText);
  return { source, lone: lone !== null, references, referencesComplete, simple: simplePaths(templates), render, renderText };
}

function plainTemplate(source: string): Template {
  const renderText = (_scope: TemplateScope, budget = new RenderBudget()) => {
    budget.spend(textBytes(source));
    return source;
  };
  return { source, lone: false, references: [], referencesComplete: true, simple: [], render: renderText, renderText };
}

function refuseTooManyTags(source: string): void {
  let tags = 0;
  for (const match of source.matchAll(/\{\{|\{%/g)) {
    if (++tags <= templateLimits.tags) continue;
    const problem = `it has more than ${templateLimits.tags} tags; build the text in a code node, or split the template`;
    throw templateErrors.TEMPLATE_INVALID({ ...new LineTable(source).at(match.index), problem });
  }
}

function parse(source: string): LiquidTemplate[] {
  try {
    return textEngine.parse(source);
  } catch (error) {
    throw parseFailure(error, source);
  }
}

/** `{{ state.a state.b }}`: Liquid would silently render the first. */
function refuseLeftOvers(templates: readonly LiquidTemplate[], source: string): void {
  for (const template of templates) {
    if (!(template instanceof Output) || operandsLeft(template.value) === 1) continue;
    const problem = `${template.token.getText().slice(0, 100)} holds several values with nothing between them`;
    throw templateErrors.TEMPLATE_INVALID({ ...new LineTable(source).at(template.token.begin), problem });
  }
}

function operandsLeft(value: Value): number {
  let left = 0;
  for (const token of value.initial.postfix) {
    if (!TypeGuards.isOperatorToken(token)) left += 1;
    else if (token.operator !== "not") left -= 1;
  }
  return left;
}

function loneOutput(templates: readonly LiquidTemplate[]): Output | null {
  const visible = templates.filter((template) => !TypeGuards.isHTMLToken(template.token) || template.token.getContent().trim() !== "");
  const [only] = visible;
  return visible.length === 1 && only instanceof Output ? only : null;
}

function textRenderer(source: string, templates: LiquidTemplate[]): Template["renderText"] {
  const parts = partsOf(templates);
  return guarded(source, (scope, budget) => {
    const text = parts === null ? liquid(textEngine, templates, scope, budget) : partsText(parts, scope);
    // A text this short cannot be too large; then its bytes need no counting to the letter.
    budget.spend(text.length * 3 < budget.bytes ? text.length : textBytes(text));
    return text;
  });
}

function partsText(parts: readonly Part[], scope: TemplateScope): string {
  let text = "";
  for (const part of parts) {
    text += typeof part === "string" ? part : textOf(readPath(scope, part));
    if (text.length > templateLimits.renderedBytes) break;
  }
  return text;
}

function valueRenderer(source: string, lone: Output, renderText: Template["renderText"]): Template["render"] {
  const evaluate = valueEvaluator(lone);
  const bare = source.trim() === source;
  return guarded(source, (scope, budget) => {
    const value = evaluate(scope, budget);
    if (value === undefined || value === null) return null;
    // White space around an object means nothing; around a text it may.
    if (typeof value === "string" && !bare) return renderText(scope, budget);
    if (typeof value === "number" && !Number.isFinite(value))
      throw new Error(`${lone.token.getText()} gives ${value}, which is no JSON number`);
    budget.spendValue(jsonBytes(value as Json, budget.valueBytes));
    return value as Json;
  });
}

function valueEvaluator(lone: Output): (scope: TemplateScope, budget: RenderBudget) => unknown {
  const path = partsOf([lone])?.[0];
  if (path !== undefined && typeof path !== "string") return (scope) => readPath(scope, path);
  // Parsed once more: this engine does not make text of the value.
  const templates = valueEngine.parse(lone.token.getText());
  boundRanges(templates);
  return (scope, budget) => liquid(valueEngine, templates, scope, budget);
}

function liquid(engine: Liquid, templates: LiquidTemplate[], scope: TemplateScope, budget: RenderBudget): string {
  // A fresh root object, so that no tag can write to the scope itself.
  const { input, state, nodes, current, run, session, item, index, loop } = scope;
  const root = { input, state, nodes, current, run, session, item, index, loop };
  budget.checkTime();
  const context = new ValueContext(root, engine.options, { sync: true }, { liquid: engine, renderLimit: limiterOf(budget) });
  return engine.renderSync(templates, context) as string;
}

/** LiquidJS' own knows the clock on the wall alone. */
function limiterOf(budget: RenderBudget): ValueContext["renderLimit"] {
  const limiter = { check: (nowMs: number) => budget.checkTime(nowMs) };
  return limiter as ValueContext["renderLimit"];
}

function guarded<T>(
  source: string,
  render: (scope: TemplateScope, budget: RenderBudget) => T,
): (scope: TemplateScope, budget?: RenderBudget) => T {
  return (scope, budget = new RenderBudget()) => {
    try {
      return render(scope, budget);
    } catch (error) {
      throw renderFailure(error, source);
    }
  };
}
