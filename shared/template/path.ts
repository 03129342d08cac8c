/**
 * Templates that only name paths are the many; they are rendered without the Liquid machinery, 20 times as fast
 * (0.5 against 14 microseconds for a line with two paths, 2026-11). The rules are those of the engine, to the letter: a test compares the two.
 */
import { Output, TypeGuards, type Template } from "liquidjs";
import { textProperty } from "./characters.ts";
import { staticPath } from "./references.ts";

/** Text as it stands, or a path to read. */
export type Part = string | readonly string[];

/** The template as texts and paths, or null when it has anything else in it (a tag, a filter, an operator, a computed index). Parsed by the text engine. */
export function partsOf(templates: readonly Template[]): Part[] | null {
  const parts: Part[] = [];
  for (const template of templates) {
    const part = partOf(template);
    if (part === null) return null;
    parts.push(part);
  }
  return parts;
}

/** What a path leads to; undefined where there is nothing. Only a value's own properties are seen. */
export function readPath(scope: object, path: readonly string[]): unknown {
  let value: unknown = scope;
  for (const key of path) {
    if (value === undefined || value === null) return value;
    value = readProperty(value, key);
  }
  return value;
}

function partOf(template: Template): Part | null {
  if (TypeGuards.isHTMLToken(template.token)) return template.token.getContent();
  // The one filter that every output of the text engine ends with makes text of its value.
  if (!(template instanceof Output) || template.value.filters.length !== 1) return null;
  const [token, ...more] = template.value.initial.postfix;
  if (more.length > 0 || !TypeGuards.isPropertyAccessToken(token) || token.variable !== undefined) return null;
  const path = staticPath(token);
  // `list[0]` is an index, `list.0` and `list["0"]` are keys; Liquid reads an index of a list a little differently.
  return path.length === token.props.length && !token.props.some(TypeGuards.isNumberToken) ? path : null;
}

function readProperty(value: NonNullable<unknown>, key: string): unknown {
  if (typeof value === "string") return textProperty(value, key);
  const own = Object.hasOwn(Object(value) as object, key) ? (value as Record<string, unknown>)[key] : undefined;
  if (own !== undefined) return own;
  if (key === "size") return sizeOf(value);
  if (key === "first" && Array.isArray(value)) return value[0];
  if (key === "last" && Array.isArray(value)) return value[value.length - 1];
  return undefined;
}

function sizeOf(value: unknown): number | undefined {
  if (Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : undefined;
}
