import type { Db } from "#shared/db/database.ts";
import { rowLoader } from "#shared/graphql/loaders.ts";
import { ModelCall } from "./usage/model-call.entity.ts";
import { ModelProvider } from "./providers/model-provider.entity.ts";

/** The loaders of one operation. */
export type ModelLoaders = ReturnType<typeof modelLoaders>;

/** Makes them; each turns the keys of a tick into one statement. */
export function modelLoaders(db: Db) {
  return { modelProvider: rowLoader(db, ModelProvider), modelCall: rowLoader(db, ModelCall) };
}
