import { openPool } from "#shared/db/pool.ts";
import { createSecretBox } from "#shared/secret/secrets.ts";
import { auditsKeptFrom } from "../../router/access/audits/audit-removal.ts";
import { verifyAudits as verify } from "../../router/access/audits/audit-verify.ts";
import { openPeppers } from "../../router/access/keys/key-pepper.ts";
import type { AuditTelling, ReadyEnv } from "../composition.ts";
import { migrateAll } from "./migrate.ts";
import { accessSubgraphName, engineDatabaseUrl } from "./subgraphs.ts";

/** Holds the audits of a prepared database against their chains. */
export async function verifyAudits(env: ReadyEnv, tenantId: string | undefined, tell: AuditTelling): Promise<void> {
  await migrateAll(env, [accessSubgraphName]);
  const url = engineDatabaseUrl(env, accessSubgraphName);
  const pool = openPool({ url, max: 1, scope: "engine", applicationName: "agent-platform audit verify", statementTimeoutMs: 300_000 });
  try {
    const { auditKey } = await openPeppers(pool, createSecretBox(env.encryptionKey));
    const { retentionAuditsDays } = env;
    const keptFrom = retentionAuditsDays === undefined ? undefined : await auditsKeptFrom(pool, retentionAuditsDays);
    await verify(pool, auditKey, { tenantId, tell, keptFrom });
  } finally {
    await pool.end();
  }
}
