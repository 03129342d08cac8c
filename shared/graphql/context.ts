import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import type { Env } from "#shared/config.ts";
import type { Database, Db } from "#shared/db/database.ts";
import type { HintChannel } from "#shared/hints.ts";
import type { Log } from "#shared/log.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import type { MasterBox, SecretBox } from "#shared/secret/secrets.ts";
import type { RunSecurityEvents } from "#shared/security-events.ts";

/** What a subgraph is given by its process. */
export interface SubgraphDeps {
  env: Env;
  log: Log;
  hints: HintChannel;
  call: SubgraphCaller;
  /** The platform's master key. What is a tenant's is sealed by {@link SubgraphContext.tenantSecrets}. */
  secrets: MasterBox;
  /** URL of the subgraph's database, for what goes beside MikroORM. */
  databaseUrl: string;
  /** The same for what works for all tenants, see `openPool`; that of `databaseUrl` unless given. */
  engineUrl?: string | undefined;
  database: Database;
  /** What this process writes into whatever it takes for a while: by it its parent finds that when the process has died. */
  claimMark?: string | undefined;
  /** Told what concerns security in runs that are executed here. */
  securityEvents?: RunSecurityEvents | undefined;
}

/** Everything a resolver or service has, for one operation of one caller. `L`: its loaders. `S`: what the subgraph keeps open. */
export interface SubgraphContext<L = unknown, S = unknown> extends RequestInfo, SubgraphDeps {
  /** The database as the caller's tenant sees it. */
  db: Db;
  /** Seals and opens the tenant's secrets, under its own key. Asked before a transaction is opened. @throws AppError SECRETS_UNREADABLE */
  tenantSecrets(): Promise<SecretBox>;
  loaders: L;
  services: S;
}
