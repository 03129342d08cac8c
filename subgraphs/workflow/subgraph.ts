import { defineSubgraph } from "#shared/graphql/subgraph.ts";
import { AppVersion } from "./app-version.entity.ts";
import { App } from "./app.entity.ts";
import { AppResolver, AppVersionResolver } from "./app.resolver.ts";
import { AppsAndWorkflows } from "./migrations/0001-apps-and-workflows.ts";
import { JsonAsWritten0002 } from "./migrations/0002-json-as-written.ts";
import { RunSourceBatcher } from "./run-source-batcher.ts";
import { RunSourceResolver } from "./run-source.resolver.ts";
import { openValidation } from "./validation.ts";
import { WorkflowVersion } from "./workflow-version.entity.ts";
import type { WorkflowServices } from "./workflow.context.ts";
import { Workflow } from "./workflow.entity.ts";
import { workflowLoaders, type WorkflowLoaders } from "./workflow.loaders.ts";
import { WorkflowResolver, WorkflowVersionResolver } from "./workflow.resolver.ts";

/** Apps, workflows and their versioned DSL. Owns the DSL's grammar and its validation. */
export const workflowSubgraph = defineSubgraph<WorkflowLoaders, WorkflowServices>({
  name: "workflow",
  entities: [App, AppVersion, Workflow, WorkflowVersion],
  resolvers: [AppResolver, AppVersionResolver, WorkflowResolver, WorkflowVersionResolver, RunSourceResolver],
  references: {
    App: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.app.load(id))),
    AppVersion: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.appVersion.load(id))),
    Workflow: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.workflow.load(id))),
    WorkflowVersion: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.workflowVersion.load(id))),
  },
  migrations: [
    { name: "0001-apps-and-workflows", class: AppsAndWorkflows },
    { name: "0002-json-as-written", class: JsonAsWritten0002 },
  ],
  loaders: ({ db }) => workflowLoaders(db),
  open() {
    const evaluation = openValidation();
    return Promise.resolve({ services: { runSources: new RunSourceBatcher(), evaluation }, close: () => evaluation.close() });
  },
});
