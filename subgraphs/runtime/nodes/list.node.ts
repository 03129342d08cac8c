import { listConfig } from "#shared/dsl/configs.ts";
import { renderConfig } from "#shared/dsl/render-config.ts";
import { compileExpression, type ExpressionValues } from "#shared/expression/expression.ts";
import type { Json } from "#shared/json.ts";
import { evaluatedNode, type Given } from "./evaluation/evaluation.ts";
import type { NodeOutcome, NodeScope } from "./executor.ts";
import { completed, failed } from "./outcome.ts";

/** More items are a program's work. */
const maxItems = 100_000;
const itemNames = ["item", "index"];

/** An item, and where it stood in the list that was given. */
interface Placed {
  item: Json;
  index: number;
}

/** Filters, sorts, leaves out what is there already, and shortens, in this order. */
export function arrange({ config: given, scope }: Given): NodeOutcome {
  const { items } = renderConfig("list", given, scope);
  if (!Array.isArray(items)) return failed({ code: "LIST_INVALID", message: `config.items gives no list but ${kindOf(items)}.` });
  if (items.length > maxItems) {
    const message = `config.items gives ${items.length} items; a list node takes ${maxItems}. Use a code node.`;
    return failed({ code: "LIST_TOO_LARGE", message });
  }
  const { filter, sort, unique, first } = listConfig.parse({ ...given, items });
  const placed = items.map((item, index): Placed => ({ item, index }));
  const kept = filter === undefined ? placed : placed.filter(asked(filter, scope).test);
  const sorted = sort === undefined ? kept : sortedBy(kept, sort, scope);
  if ("problem" in sorted) return failed({ code: "LIST_NOT_SORTABLE", message: sorted.problem });
  const distinct = unique === undefined || unique === false ? sorted : distinctBy(sorted, unique, scope);
  const taken = distinct.slice(0, first).map(({ item }) => item);
  return completed({ outputJson: { items: taken, count: taken.length } });
}

/** An expression that is asked of one item after the other. */
function asked(source: string, scope: NodeScope) {
  const expression = compileExpression(source, itemNames);
  const valuesOf = ({ item, index }: Placed): ExpressionValues => ({ item, index });
  return {
    test: (placed: Placed) => expression.test(scope, valuesOf(placed)),
    evaluate: (placed: Placed) => expression.evaluate(scope, valuesOf(placed)),
  };
}

/** Sorts by numbers, texts or booleans, null last whatever the order; what is equal stays as it was. */
function sortedBy(
  list: readonly Placed[],
  { by = "item", order }: { by?: string | undefined; order: "asc" | "desc" },
  scope: NodeScope,
): Placed[] | { problem: string } {
  const { evaluate } = asked(by, scope);
  const keyed = list.map((placed) => ({ placed, key: evaluate(placed) }));
  const kinds = new Set(keyed.flatMap(({ key }) => (key === null ? [] : [kindOf(key)])));
  const [kind = "a number", other] = kinds;
  if (other !== undefined)
    return { problem: `config.sort.by gives ${kind} for one item and ${other} for another; give one kind of value.` };
  if (kind === "a list" || kind === "an object")
    return { problem: `config.sort.by gives ${kind}; sort by a number, a text, true or false.` };
  const sign = order === "asc" ? 1 : -1;
  return keyed.sort((a, b) => compare(a.key, b.key, sign)).map(({ placed }) => placed);
}

/** Texts by code units, so that the order is the same on every host. */
function compare(a: Json, b: Json, sign: number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a === b ? 0 : a < b ? -sign : sign;
}

/** The first of those that are equal, or for which `by` gives the same. */
function distinctBy(list: readonly Placed[], by: true | string, scope: NodeScope): Placed[] {
  const { evaluate } = by === true ? { evaluate: ({ item }: Placed) => item } : asked(by, scope);
  const seen = new Set<string>();
  return list.filter((placed) => {
    const key = canonical(evaluate(placed));
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** As JSON with its keys in order: objects are equal whoever wrote them. */
function canonical(value: Json): string {
  return JSON.stringify(value, (_, one: Json) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}

function kindOf(value: Json | undefined): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return "a text";
  if (typeof value === "object") return Array.isArray(value) ? "a list" : "an object";
  return `a ${typeof value}`;
}

/** `list`: arranges a list for what comes next. */
export const listNode = evaluatedNode("list", arrange);
