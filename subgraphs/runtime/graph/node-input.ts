/**
 * What a node was given, worked out from the frozen plan and from what was stored before it: nothing of it is stored again. Pure.
 */
import { shownRequestConfig } from "#shared/secret/credentials.ts";
import { configReferences } from "#shared/dsl/node-texts.ts";
import { nodeSpecs } from "#shared/dsl/node-specs.ts";
import { canonicalNodeType } from "#shared/dsl/node-types.ts";
import { renderConfig } from "#shared/dsl/render-config.ts";
import { AppError } from "#shared/errors.ts";
import { writePath } from "#shared/expression/tree.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { readPath } from "#shared/template/path.ts";
import type { TemplateScope } from "#shared/template/scope.ts";

/** Definitions rather than input, and as large as a document may be. */
const definitions = new Set(["code", "documents"]);

/** Ids of the nodes whose outputs a config reads. */
export function nodesRead(type: string, config: JsonObject): string[] {
  return pathsRead(type, config).flatMap(([root, id]) => (root === "nodes" && id !== undefined ? [id] : []));
}

/**
 * The config with its templates rendered, without what is definition (`code`, `documents`) and with credentials hidden; for a node with an
 * expression also `values`, what it reads by path.
 *
 * @returns null for a type without a spec, and where a template cannot be rendered: then the node run's error says why.
 */
export function nodeInput(type: string, config: JsonObject, scope: TemplateScope): JsonObject | null {
  const canonical = canonicalNodeType(type);
  if (canonical === undefined) return null;
  const given = withoutDefinitions(config);
  const rendered = orNull(() => renderConfig(canonical, given, scope));
  if (rendered === null) return null;
  const input = shownRequestConfig(rendered);
  return nodeSpecs[canonical].expressions.length === 0 ? input : { ...input, values: valuesRead(canonical, config, scope) };
}

function withoutDefinitions(config: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !definitions.has(key)));
}

function valuesRead(type: string, config: JsonObject, scope: TemplateScope): JsonObject {
  return Object.fromEntries(pathsRead(type, config).map((path) => [writePath(path), (readPath(scope, path) ?? null) as Json]));
}

function pathsRead(type: string, config: JsonObject): (readonly string[])[] {
  const canonical = canonicalNodeType(type);
  return canonical === undefined ? [] : configReferences(nodeSpecs[canonical], config);
}

function orNull<T>(render: () => T): T | null {
  try {
    return render();
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}
