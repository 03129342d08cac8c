/** A platform that asks for keys, and the short ways of tests to them. */
import type { KeyAdmin } from "../../cli/composition.ts";
import { openKeys } from "../../cli/compose/keys.ts";
import type { ReadyEnv } from "../../cli/composition.ts";
import { startTestPlatform, type GraphAnswer, type TestPlatform, type TestPlatformSetup } from "./platform.ts";

/** A key as it was made. */
export interface MadeKey {
  id: string;
  secret: string;
}

export interface KeyedPlatform extends TestPlatform {
  /** Keys by the database, as the command line makes them. */
  admin: KeyAdmin;
  /** Makes a key of a tenant, of everything unless scopes are given. */
  keyOf(tenantId: string, scopes?: readonly string[] | null, more?: { isAdmin?: boolean; expiresAt?: Date }): Promise<MadeKey>;
  /** Asks with a key and no tenant. */
  as(key: string | undefined, query: string, variables?: Record<string, unknown>, headers?: Record<string, string>): Promise<GraphAnswer>;
}

/** Starts it; no workers unless asked for. */
export async function startKeyedPlatform(setup: TestPlatformSetup = {}): Promise<KeyedPlatform> {
  const platform = await startTestPlatform({ workers: 0, ...setup, env: { authRequired: true, ...setup.env } });
  const admin = await openKeys(platform.env as ReadyEnv);
  const stop = async () => {
    await admin.close();
    await platform.stop();
  };
  return {
    ...platform,
    admin,
    stop,
    [Symbol.asyncDispose]: stop,
    keyOf: (tenantId, scopes = null, { isAdmin = false, expiresAt } = {}) =>
      admin.create({ tenantId, name: "test", scopes, isAdmin, expiresAt: expiresAt ?? null }),
    as: (key, query, variables, headers) =>
      platform.post(query, variables, { "x-tenant-id": "", ...(key !== undefined && { "x-api-key": key }), ...headers }),
  };
}

/** Code and reason of the first error; undefined for an answer without. */
export function refusalIn({ errors }: GraphAnswer): string | undefined {
  const { code, reason } = errors?.[0]?.extensions ?? {};
  return errors && `${String(code)} ${String(reason)}`;
}
