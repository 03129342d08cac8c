import type { Db } from "#shared/db/database.ts";
import { rowByKeyLoader, rowLoader } from "#shared/graphql/loaders.ts";
import { ApiKey } from "./keys/api-key.entity.ts";
import { RequestAudit } from "./audits/request-audit.entity.ts";
import { Secret } from "./secrets/secret.entity.ts";

/** The loaders of one operation. */
export type AccessLoaders = ReturnType<typeof accessLoaders>;

/** Makes them; each turns the keys of a tick into one statement. */
export function accessLoaders(db: Db) {
  return {
    // Keys that act for any tenant are the command line's.
    apiKey: rowByKeyLoader(db, ApiKey, "id", { isAdmin: false }),
    requestAudit: rowLoader(db, RequestAudit),
    secret: rowLoader(db, Secret),
  };
}
