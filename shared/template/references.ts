/** Finds what a parsed template reads. LiquidJS's own analysis is quadratic in the template's length; this one is not. */
import { toValueSync, TypeGuards, Value, type PropertyAccessToken, type Template } from "liquidjs";
import { LineTable } from "./lines.ts";
import { scopeNames, type Reference } from "./scope.ts";

/** What a template reads. */
export interface TemplateReads {
  /** Every path but for those of its own variables (of `for`, `assign` and `capture`), in reading order. */
  references: Reference[];
  /** False: it may read what no reference says, since a name is computed, or a variable of its own hides a part of the scope. */
  complete: boolean;
}

/** Finds what a template reads. */
export function readsOf(templates: readonly Template[], source: string): TemplateReads {
  const lines = new LineTable(source);
  const locals = new Map<string, number>([["forloop", 1]]);
  const references: Reference[] = [];
  let complete = true;

  function visit(template: Template): void {
    for (const argument of template.arguments?.() ?? []) tokensOf(argument).forEach(read);
    for (const name of template.localScope?.() ?? []) enter(name.content);
    const block = [...(template.blockScope?.() ?? [])];
    block.forEach(enter);
    for (const child of childrenOf(template)) visit(child);
    for (const name of block) locals.set(name, (locals.get(name) ?? 1) - 1);
  }
  function enter(name: string): void {
    if ((scopeNames as readonly string[]).includes(name)) complete = false;
    locals.set(name, (locals.get(name) ?? 0) + 1);
  }
  function read(token: unknown): void {
    if (TypeGuards.isRangeToken(token)) return [token.lhs, token.rhs].forEach(read);
    if (!TypeGuards.isPropertyAccessToken(token)) return;
    if (token.variable !== undefined) {
      read(token.variable);
      complete &&= TypeGuards.isRangeToken(token.variable) || TypeGuards.isQuotedToken(token.variable);
    }
    token.props.forEach(read);
    const path = staticPath(token);
    // `[state.name].text`: a name that is computed.
    if (token.variable === undefined) complete &&= path.length > 0;
    if (path.length > 0 && !locals.get(path[0] ?? "")) references.push({ path, as: "value", ...lines.at(token.begin) });
  }

  templates.forEach(visit);
  return { references, complete };
}

/** Every token of the templates that has a value: those within tags, filters, ranges and brackets too. */
export function* valueTokens(templates: readonly Template[]): Generator {
  for (const template of templates) {
    for (const argument of template.arguments?.() ?? []) for (const token of tokensOf(argument)) yield* withInner(token);
    yield* valueTokens(childrenOf(template));
  }
}

function* withInner(token: unknown): Generator {
  yield token;
  if (TypeGuards.isRangeToken(token)) for (const inner of [token.lhs, token.rhs]) yield* withInner(inner);
  if (TypeGuards.isPropertyAccessToken(token)) for (const inner of [token.variable, ...token.props]) yield* withInner(inner);
}

/** The parts of a path up to the first that is computed; empty when it does not begin with a name. */
export function staticPath(token: PropertyAccessToken): string[] {
  const path: string[] = [];
  if (token.variable !== undefined && !TypeGuards.isQuotedToken(token.variable)) return path;
  for (const prop of token.props) {
    if (!TypeGuards.isWordToken(prop) && !TypeGuards.isQuotedToken(prop) && !TypeGuards.isNumberToken(prop)) break;
    path.push(String(prop.content));
  }
  return path;
}

function childrenOf(template: Template): Template[] {
  const children = template.children?.(false, true);
  return children === undefined ? [] : toValueSync(children);
}

function tokensOf(argument: unknown): unknown[] {
  if (!(argument instanceof Value)) return [argument];
  const filterArguments = argument.filters.flatMap((filter) => filter.args.map((arg) => (Array.isArray(arg) ? arg[1] : arg)));
  return [...argument.initial.postfix, ...filterArguments];
}
