/**
 * What root fields ask of the caller, as their subgraphs declare it (#shared/graphql/needs.ts). Asked in one place, for every operation of every transport:
 * when its plan is taken (operations.ts), and before it is made.
 */
import type { OperationTypeNode } from "graphql";
import type { Schema } from "@apollo/federation-internals";
import { neededScope } from "#shared/graphql/needs.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import { adminScope, bootstrapScope } from "#shared/scopes.ts";
import { keyErrors } from "../access/errors.ts";

/** Root fields that need no scope, and no key either. */
export const openFields: ReadonlySet<string> = new Set(["__typename", "services"]);

const bootstrapField = "createApiKey";

/** By operation type and name. */
export type RootScopes = ReadonlyMap<string, string>;

/** Reads the scopes of a supergraph. */
export function rootScopesOf(supergraph: Schema): RootScopes {
  const scopes = new Map<string, string>();
  for (const type of ["query", "mutation", "subscription"] as OperationTypeNode[]) {
    for (const field of supergraph.schemaDefinition.rootType(type)?.fields() ?? []) {
      const tags = field.appliedDirectivesOf("tag").map((tag) => (tag.arguments() as { name?: string }).name ?? "");
      // A field that declares none is the platform's operator's: it is not opened by being forgotten.
      scopes.set(`${type}.${field.name}`, tags.map(neededScope).find((scope) => scope !== undefined) ?? adminScope);
    }
    for (const name of ["__schema", "__type"]) scopes.set(`${type}.${name}`, "schema:read");
  }
  return scopes;
}

/**
 * Lets an operation pass, or says why not.
 *
 * @param rootFields  by name, not alias.
 * @throws AppError KEY_MISSING, SCOPE_MISSING
 */
export function authorize(type: OperationTypeNode, rootFields: readonly string[], caller: CallerFacts, scopes: RootScopes): void {
  const { scopes: held, subject } = caller;
  if (held === undefined) return;
  for (const field of rootFields) {
    if (openFields.has(field)) continue;
    if (field === bootstrapField && held.includes(bootstrapScope)) continue;
    if (subject == null) throw keyErrors.KEY_MISSING({});
    const scope = scopes.get(`${type}.${field}`);
    // A field that there is not is for the validation to tell of.
    if (scope !== undefined && !held.includes(scope)) throw keyErrors.SCOPE_MISSING({ field, scope });
  }
}

/** Of a request, who asks and what they may do. */
export type CallerFacts = Pick<RequestInfo, "scopes" | "subject">;
