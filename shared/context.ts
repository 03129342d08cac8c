import type { SubgraphCaller } from "./caller.ts";
import type { Env } from "./config.ts";
import type { Database, Db } from "./db/database.ts";
import type { HintChannel } from "./hints.ts";
import type { Log } from "./log.ts";
import type { RequestInfo } from "./request-info.ts";
import type { SecretBox } from "./secrets.ts";

/** What a subgraph is given by its process. */
export interface SubgraphDeps {
  env: Env;
  log: Log;
  hints: HintChannel;
  call: SubgraphCaller;
  secrets: SecretBox;
  /** URL of the subgraph's database, for what goes beside MikroORM. */
  databaseUrl: string;
  database: Database;
}

/** Everything a resolver or service has, for one operation of one caller. `L`: its loaders. `S`: what the subgraph keeps open. */
export interface SubgraphContext<L = unknown, S = unknown> extends RequestInfo, SubgraphDeps {
  /** The database as the caller's tenant sees it. */
  db: Db;
  loaders: L;
  services: S;
}
