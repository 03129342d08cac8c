/** What an API key may do, as `noun:verb`. The one list: fields name one of it with `@Needs`, keys are made with some of it. */
import { defineErrors } from "./errors.ts";

/** What a key may be given by a key of its tenant. */
export const tenantScopes = [
  "agent:read",
  "agent:write",
  "app:read",
  "app:write",
  "audit:read",
  "key:read",
  "key:write",
  "memory:read",
  "memory:write",
  "model:invoke",
  "model:read",
  "model:write",
  "platform:read",
  "run:delete",
  "run:read",
  "run:write",
  "schedule:read",
  "schedule:write",
  "schema:read",
  "secret:read",
  "secret:write",
  "session:read",
  "session:write",
  "skill:read",
  "skill:write",
  "team:read",
  "team:write",
  "tool:invoke",
  "tool:read",
  "tool:write",
  "webhook:read",
  "webhook:write",
  "workflow:read",
  "workflow:write",
] as const;

/** One of {@link tenantScopes}. */
export type TenantScope = (typeof tenantScopes)[number];

/** May act for any tenant, with all scopes of it. Given by the command line alone. */
export const adminScope = "platform:admin";

/** May make the first key of a platform and nothing else; no key has it, but whoever comes before there is one. */
export const bootstrapScope = "key:bootstrap";

const readable = tenantScopes.filter((scope) => scope.endsWith(":read") && scope !== "key:read" && scope !== "audit:read");
const runnable: readonly TenantScope[] = [...readable, "run:write", "session:write", "memory:write", "tool:invoke", "model:invoke"];

/** Scopes by a name. reader: looks. runner: also runs what is there. builder: also changes what runs; neither keys nor audits. */
export const scopePresets: Readonly<Record<string, readonly TenantScope[]>> = {
  reader: readable,
  runner: runnable,
  builder: tenantScopes.filter((scope) => !["key:read", "key:write", "audit:read"].includes(scope)),
};

const scopeErrors = defineErrors({
  SCOPE_UNKNOWN: {
    code: "BAD_USER_INPUT",
    message: (f: { field: "scopes"; value: string }) =>
      `scopes has ${JSON.stringify(f.value)}, which is none. There are ${tenantScopes.join(", ")}; and reader, runner and builder, which stand for several.`,
  },
  SCOPES_EMPTY: {
    code: "BAD_USER_INPUT",
    message: (_: { field: "scopes" }) =>
      "scopes is empty: such a key could do nothing. Name some, or leave scopes out for a key that may do everything of its tenant.",
  },
});

/**
 * The scopes that a list of scopes and presets stands for, each once.
 *
 * @throws AppError SCOPE_UNKNOWN, SCOPES_EMPTY
 */
export function expandScopes(asked: readonly string[]): TenantScope[] {
  if (asked.length === 0) throw scopeErrors.SCOPES_EMPTY({ field: "scopes" });
  const expanded: string[] = asked.flatMap<string>((scope) => (Object.hasOwn(scopePresets, scope) ? scopePresets[scope]! : [scope]));
  const unknown = expanded.find((scope) => !(tenantScopes as readonly string[]).includes(scope));
  if (unknown !== undefined) throw scopeErrors.SCOPE_UNKNOWN({ field: "scopes", value: unknown.slice(0, 80) });
  return [...new Set(expanded as TenantScope[])].sort();
}
