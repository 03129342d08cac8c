/**
 * The templates that may be rendered where others wait, in a main loop: those whose rendering makes no more than a small multiple of what
 * they read. The rule is about sizes, not about time. A template is simple when it has no tag and no operator, and each of its outputs is one path
 * of at most 20 steps that are written out, followed by at most {@link maxFilters} filters, all of {@link linearFilters} and with arguments that
 * are written out. How large the values at its paths are is for `smallLimits` to say (shared/dsl/small.ts).
 */
import { Output, TypeGuards, type Template } from "liquidjs";
import { staticPath } from "./references.ts";

const maxFilters = 4;

/** Filters whose outcome is at most a few times what they are given, arguments included: none of them multiplies. */
export const linearFilters: ReadonlySet<string> = new Set([
  ...["abs", "at_least", "at_most", "ceil", "divided_by", "floor", "minus", "modulo", "plus", "round", "times", "to_integer"],
  ...["append", "capitalize", "downcase", "lstrip", "prepend", "rstrip", "slice", "strip", "truncate", "upcase"],
  ...["default", "first", "json", "last", "size"],
]);

/** The paths that the templates read; null when they are not simple. Parsed by the text engine. */
export function simplePaths(templates: readonly Template[]): string[][] | null {
  const paths: string[][] = [];
  for (const template of templates) {
    if (TypeGuards.isHTMLToken(template.token)) continue;
    const path = template instanceof Output ? simplePath(template) : null;
    if (path === null) return null;
    paths.push(path);
  }
  return paths;
}

function simplePath({ value }: Output): string[] | null {
  // The last filter makes text of the value; it is on every output of the text engine.
  const filters = value.filters.slice(0, -1);
  if (filters.length > maxFilters || !filters.every(({ name, args }) => linearFilters.has(name) && args.every(isWrittenOut))) return null;
  const [token, ...more] = value.initial.postfix;
  if (more.length > 0 || !TypeGuards.isPropertyAccessToken(token) || token.variable !== undefined) return null;
  const path = staticPath(token);
  return path.length === token.props.length ? path : null;
}

function isWrittenOut(argument: unknown): boolean {
  const token: unknown = Array.isArray(argument) ? argument[1] : argument;
  return TypeGuards.isQuotedToken(token) || TypeGuards.isNumberToken(token) || TypeGuards.isLiteralToken(token);
}
