import type { Db } from "#shared/db/database.ts";
import { childPageLoader, rowLoader } from "#shared/graphql/loaders.ts";
import type { SubgraphContext } from "#shared/graphql/context.ts";
import type { RuntimeLoaders } from "../graph/run.loaders.ts";
import type { RuntimeServices } from "../graph/runtime.context.ts";
import { Schedule } from "./schedule.entity.ts";
import { Webhook } from "./webhook.entity.ts";

/** The loaders of triggers, beside those of runs. */
export type TriggerLoaders = ReturnType<typeof triggerLoaders>;

/** Makes them; each turns the keys of a tick into one statement. */
export function triggerLoaders(db: Db) {
  return {
    schedule: rowLoader(db, Schedule),
    schedulesOfWorkflow: childPageLoader(db, { entity: Schedule, table: "runtime.schedule", parent: "workflow_id" }),
    webhook: rowLoader(db, Webhook),
    webhooksOfWorkflow: childPageLoader(db, { entity: Webhook, table: "runtime.webhook", parent: "workflow_id" }),
  };
}

/** What resolvers and services of triggers are given. */
export type TriggerContext = SubgraphContext<RuntimeLoaders & TriggerLoaders, RuntimeServices>;
