import type { RunSourceNames, RunSourceRow } from "./run-source.sql.ts";
import type { WorkflowContext } from "./workflow.context.ts";

export type { RunSourceRow } from "./run-source.sql.ts";

/** The ids that a run was asked for with; what is left out was not named. */
export type RunSourceQuestion = { [K in keyof RunSourceNames]?: RunSourceNames[K] | undefined } & Pick<RunSourceNames, "knownVersionIds">;

/** Everything that decides whether and what a run may run. What is missing is null; the caller refuses with its own words. */
export function findRunSource({ db, services }: WorkflowContext, question: RunSourceQuestion): Promise<RunSourceRow> {
  const { appId = null, appVersionId = null, workflowId = null, workflowVersionId = null, knownVersionIds } = question;
  return services.runSources.find(db, { appId, appVersionId, workflowId, workflowVersionId, knownVersionIds });
}
