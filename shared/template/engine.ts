/**
 * LiquidJS with a closed list of tags and filters. Nothing here reads files, random numbers or hashes; every tag, filter and
 * operator looks at the clock, so that no loop outlives the render limit by more than one step.
 */
import type { Json } from "#shared/json.ts";
import { defaultOperators, filters as liquidFilters, Liquid, type FilterImplOptions, type LiquidOptions } from "liquidjs";
import { refuseLongPath } from "./bounds.ts";
import { templateLimits } from "./budget.ts";
import { treeSize } from "./tree-size.ts";
import { jsonBytes, textOf } from "./text.ts";
import { orderOperators, refuseRounding, textFilters } from "./values.ts";

/** Tags that templates may use. */
export const allowedTags: readonly string[] = [
  "assign",
  "break",
  "capture",
  "case",
  "comment",
  "continue",
  "for",
  "if",
  "raw",
  "unless",
  "#",
];

/** Filters that templates may use: Liquid's own, but for those that evaluate text, draw lots or hash. */
export const allowedFilters: readonly string[] = [
  ...["abs", "at_least", "at_most", "ceil", "divided_by", "floor", "minus", "modulo", "plus", "round", "times", "to_integer"],
  ...["append", "capitalize", "downcase", "lstrip", "normalize_whitespace", "number_of_words", "prepend", "remove", "remove_first"],
  ...[
    "remove_last",
    "replace",
    "replace_first",
    "replace_last",
    "rstrip",
    "slice",
    "slugify",
    "split",
    "squish",
    "strip",
    "strip_newlines",
  ],
  ...["truncate", "truncatewords", "upcase"],
  ...["array_to_sentence_string", "compact", "concat", "find", "find_index", "first", "group_by", "has", "join", "last", "map", "pop"],
  ...["push", "reject", "reverse", "shift", "size", "sort", "sort_natural", "sum", "uniq", "unshift", "where"],
  ...["base64_decode", "base64_encode", "cgi_escape", "escape", "escape_once", "newline_to_br", "strip_html", "uri_escape", "url_decode"],
  ...["url_encode", "xml_escape"],
  ...["date", "date_to_long_string", "date_to_rfc822", "date_to_string", "date_to_xmlschema"],
  ...["default", "json", "jsonify"],
];

/** Filters whose first argument is a path within each item. */
const pathFilters = new Set(["map", "where", "reject", "sort", "sort_natural", "sum", "find", "find_index", "has", "group_by"]);

/** Filters that put one value into another, so that what looks small may be large: its size as a tree is what counts. */
const nestingFilters = new Set(["concat", "push", "unshift"]);

type FilterHandler = Extract<FilterImplOptions, (...args: never[]) => unknown>;
type OperatorHandler = (typeof defaultOperators)[string];

/** Renders text: objects and arrays within it become JSON. */
export const textEngine = buildEngine({
  outputEscape: function (this: ThisParameterType<FilterHandler>, value: unknown) {
    // Before it is written: a list that holds another several times is small in memory and large as text.
    if (typeof value === "object" && value !== null) this.context.memoryLimit.check(jsonBytes(value as Json, templateLimits.allocations));
    const text = textOf(value);
    this.context.memoryLimit.use(text.length);
    return text;
  },
});

/** Renders a lone expression to the value it is. */
export const valueEngine = buildEngine({ keepOutputType: true });

function buildEngine(options: LiquidOptions): Liquid {
  const engine = new Liquid({
    ...options,
    ownPropertyOnly: true,
    strictFilters: true,
    templates: {},
    operators: Object.fromEntries(
      Object.entries({ ...defaultOperators, ...orderOperators }).map(([name, operator]) => [name, timedOperator(operator)]),
    ),
    parseLimit: templateLimits.sourceChars,
    memoryLimit: templateLimits.allocations,
    // The same text on every machine.
    timezoneOffset: 0,
    locale: "en-US",
  });
  for (const name of Object.keys(engine.tags)) if (!allowedTags.includes(name)) delete engine.tags[name];
  for (const name of Object.keys(engine.filters)) engine.unregisterFilter(name);
  for (const name of allowedFilters) engine.registerFilter(name, boundedFilter(name));
  return engine;
}

function boundedFilter(name: string): FilterHandler {
  const filter = (liquidFilters as unknown as Record<string, FilterHandler>)[name];
  if (filter === undefined) throw new Error(`LiquidJS has no filter ${name}`);
  return function (value, ...args) {
    this.context.renderLimit.check(performance.now());
    if (Array.isArray(value) && value.length > templateLimits.filterItems) {
      throw new Error(`${name} takes a list of at most ${templateLimits.filterItems} items; this one has ${value.length}`);
    }
    if (pathFilters.has(name)) refuseLongPath(name, args[0]);
    refuseRounding(name, [value, ...args]);
    const ofText = typeof value === "string" ? textFilters[name]?.(value, args, (units) => this.context.memoryLimit.use(units)) : undefined;
    const made: unknown = ofText ?? filter.call(this, value, ...args);
    if (nestingFilters.has(name)) this.context.memoryLimit.check(treeSize(made, [value, args[0]]));
    return made;
  };
}

function timedOperator(operator: OperatorHandler): OperatorHandler {
  const call = operator as (...args: unknown[]) => ReturnType<OperatorHandler>;
  return (...args: [unknown, unknown, unknown?]) => {
    // Unary operators get (value, context), binary ones (left, right, context).
    const context = args[args.length - 1] as ThisParameterType<FilterHandler>["context"];
    context.renderLimit.check(performance.now());
    return call(...args);
  };
}
