import type { Db } from "#shared/db/database.ts";
import { childPageLoader, latestLoader, publishedLoader, rowLoader } from "#shared/graphql/loaders.ts";
import { AppVersion } from "./app-version.entity.ts";
import { App } from "./app.entity.ts";
import { WorkflowVersion } from "./workflow-version.entity.ts";
import { Workflow } from "./workflow.entity.ts";

/** The loaders of one operation. */
export type WorkflowLoaders = ReturnType<typeof workflowLoaders>;

/** Makes them; each turns the keys of a tick into one statement. */
export function workflowLoaders(db: Db) {
  const appVersions = { table: "workflow.app_version", parent: "app_id", entity: AppVersion };
  const workflowVersions = { table: "workflow.workflow_version", parent: "workflow_id", entity: WorkflowVersion };
  return {
    app: rowLoader(db, App),
    appVersion: rowLoader(db, AppVersion),
    workflow: rowLoader(db, Workflow),
    workflowVersion: rowLoader(db, WorkflowVersion),
    appPublished: publishedLoader(db, appVersions),
    workflowPublished: publishedLoader(db, workflowVersions),
    workflowLatest: latestLoader(db, workflowVersions),
    workflowsOfApp: childPageLoader(db, {
      entity: Workflow,
      table: "workflow.workflow",
      parent: "app_id",
      condition: "c.deleted_at is null",
    }),
    versionsOfApp: childPageLoader(db, appVersions),
    versionsOfWorkflow: childPageLoader(db, workflowVersions),
  };
}
