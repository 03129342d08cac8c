/**
 * The scope of a root field, told where the field is. It goes with the schema: as federation's `@tag` into the supergraph, where the router reads it and
 * asks for it. (Federation's own `@requiresScopes` is refused by the planner that the router runs.)
 */
import { Directive } from "type-graphql";
import { adminScope, type TenantScope } from "#shared/scopes.ts";

/** The beginning of the tag; a tag has no colon. */
const prefix = "needs/";

/** Whoever asks for the query, mutation or subscription must have this scope. */
export function Needs(scope: TenantScope): MethodDecorator {
  return Directive(`@tag(name: "${prefix}${scope.replace(":", "/")}")`);
}

/** Whoever asks for the field must be the platform's operator. A field that says nothing asks for that too; this says it where it is meant. */
export function NeedsAdmin(): MethodDecorator {
  return Directive(`@tag(name: "${prefix}${adminScope.replace(":", "/")}")`);
}

/** The scope that a tag speaks of; undefined for another tag. */
export function neededScope(tag: string): string | undefined {
  return tag.startsWith(prefix) ? tag.slice(prefix.length).replace("/", ":") : undefined;
}
