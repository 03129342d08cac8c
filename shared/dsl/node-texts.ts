/** The texts of a node's config that are templates or expressions, and what they read. */
import { AppError } from "#shared/errors.ts";
import { compileExpression } from "#shared/expression/expression.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import type { Reference } from "#shared/template/scope.ts";
import { compileTemplate } from "#shared/template/template.ts";
import type { NodeSpec } from "./node-specs.ts";

/** A text of a config. */
export interface ConfigText {
  text: string;
  /** Keys and indexes from the config on. */
  at: readonly PropertyKey[];
  kind: "template" | "expression";
  /** Names that an expression sees beside the scope. */
  names?: readonly string[] | undefined;
}

/** The texts of a config, as far as its spec says where they are. */
export type TextSpec = Pick<NodeSpec, "templates" | "expressions" | "names" | "isEachItem">;

/** Every template and expression of a config, in the order of its spec. */
export function* configTexts(spec: TextSpec, config: JsonObject): Generator<ConfigText> {
  for (const { field } of spec.templates) {
    for (const { text, at } of deepTexts(config, field.split("."), [])) yield { text, at, kind: "template" };
  }
  for (const field of spec.expressions) {
    const path = field.split(".");
    for (const { text, at } of deepTexts(config, path, []))
      if (text !== "" && at.length === path.length) yield { text, at, kind: "expression", names: spec.names };
  }
}

/**
 * What a text reads.
 *
 * @throws AppError TEMPLATE_INVALID, EXPRESSION_INVALID
 */
export function textReferences({ text, kind, names }: Omit<ConfigText, "at">): readonly Reference[] {
  return (kind === "template" ? compileTemplate(text) : compileExpression(text, names)).references;
}

/** Every path that a config reads; a text that is not valid reads nothing. */
export function configReferences(spec: TextSpec, config: JsonObject): (readonly string[])[] {
  return [...configTexts(spec, config)].flatMap((text) => {
    try {
      return textReferences(text).map(({ path }) => path);
    } catch (error) {
      if (error instanceof AppError) return [];
      throw error;
    }
  });
}

/** The texts at a path (`*` is each item) and beneath it. */
function* deepTexts(
  value: Json | undefined,
  path: readonly string[],
  at: readonly PropertyKey[],
): Generator<{ text: string; at: readonly PropertyKey[] }> {
  const [key, ...rest] = path;
  if (typeof value === "string") {
    if (key === undefined) yield { text: value, at };
  } else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      if (key === undefined || key === "*" || key === name)
        yield* deepTexts(item, rest, [...at, Array.isArray(value) ? Number(name) : name]);
    }
  }
}
