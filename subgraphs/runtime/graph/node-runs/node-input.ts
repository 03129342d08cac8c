/**
 * What a node was given, worked out from the frozen plan and from what was stored before it: nothing of it is stored again. Pure; threads run it too,
 * so it is erasable TypeScript, and so is all that it imports.
 */
import { shownRequestConfig } from "#shared/secret/credentials.ts";
import { configReferences, configTexts, type TextSpec } from "#shared/dsl/node-texts.ts";
import { nodeSpecs } from "#shared/dsl/node-specs.ts";
import type { NodeType } from "#shared/dsl/node-types.ts";
import { renderConfig } from "#shared/dsl/render-config.ts";
import { AppError } from "#shared/errors.ts";
import { writePath } from "#shared/expression/tree.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { readPath } from "#shared/template/path.ts";
import { scopeNames, type TemplateScope } from "#shared/template/scope.ts";

const definitions = new Set(["child", "code", "documents", "input_schema", "skill"]);

/** A node of which the input is asked, and what its templates saw. */
export interface InputQuestion {
  type: NodeType;
  config: JsonObject;
  scope: TemplateScope;
}

/**
 * The config with its templates rendered, without what is definition (`code`, `documents`, `input_schema`, `skill`) and with credentials hidden; for a node with an
 * expression also `values`, what it reads by path.
 *
 * @returns null where a template cannot be rendered: then the node run's error says why.
 */
export function nodeInput({ type, config, scope }: InputQuestion): JsonObject | null {
  const rendered = orNull(() => renderConfig(type, withoutDefinitions(config), scope));
  if (rendered === null) return null;
  const input = shownRequestConfig(rendered);
  const expressions = { ...nodeSpecs[type], templates: [] };
  return [...configTexts(expressions, config)].length === 0 ? input : { ...input, values: valuesRead(expressions, config, scope) };
}

/** The config without what is definition rather than input, and as large as a document may be. */
export function withoutDefinitions(config: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !definitions.has(key)));
}

/** Of expressions alone: what templates read stands in the config, without credentials. */
function valuesRead(expressions: TextSpec, config: JsonObject, scope: TemplateScope): JsonObject {
  const paths = configReferences(expressions, config);
  // Of an item there are many.
  const ofScope = paths.filter(([root]) => (scopeNames as readonly string[]).includes(root ?? ""));
  return Object.fromEntries(ofScope.map((path) => [writePath(path), (readPath(scope, path) ?? null) as Json]));
}

function orNull<T>(render: () => T): T | null {
  try {
    return render();
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}
