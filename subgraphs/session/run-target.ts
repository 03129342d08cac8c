import { sessionErrors } from "./errors.ts";
import type { AppTargets, AppVersionFound, VersionFound } from "./workflow.client.ts";

/** What a request runs. */
export interface RunTarget {
  appVersionId: string | null;
  workflowId: string;
  workflowVersionId: string;
}

/** What was asked for, and what the workflow subgraph knows of it. */
export interface RunTargetQuestion {
  appId: string;
  appVersionId?: string | null | undefined;
  workflowVersionId?: string | null | undefined;
  found: { workflowVersion?: VersionFound | null; appVersion?: AppVersionFound | null; app?: AppTargets | null };
}

/**
 * workflowVersionId, else the app version's, else that of the app's published version, else the published version of its only workflow.
 *
 * @throws AppError APP_VERSION_NOT_FOUND, APP_VERSION_OF_OTHER_APP, WORKFLOW_VERSION_NOT_FOUND, WORKFLOW_VERSION_OF_OTHER_APP,
 *   WORKFLOW_VERSION_ARCHIVED, WORKFLOW_VERSION_NOT_PUBLISHED, RUN_TARGET_AMBIGUOUS, RUN_TARGET_MISSING
 */
export function runTarget(question: RunTargetQuestion): RunTarget {
  const appVersion = namedAppVersion(question) ?? null;
  const version = namedVersion(question) ?? appVersion?.workflowVersion;
  if (version !== undefined) return target(version, appVersion);
  const published = question.found.app?.publishedVersion;
  if (published != null) return target(published.workflowVersion, published);
  return target(onlyWorkflowsVersion(question), null);
}

function target(version: VersionFound, appVersion: AppVersionFound | null): RunTarget {
  if (version.status === "ARCHIVED") throw sessionErrors.WORKFLOW_VERSION_ARCHIVED({ id: version.id });
  return { appVersionId: appVersion?.id ?? null, workflowId: version.workflow.id, workflowVersionId: version.id };
}

function namedAppVersion({ appId, appVersionId: id, found }: RunTargetQuestion): AppVersionFound | undefined {
  if (id == null) return undefined;
  if (found.appVersion == null) throw sessionErrors.APP_VERSION_NOT_FOUND({ id });
  if (found.appVersion.app.id !== appId) throw sessionErrors.APP_VERSION_OF_OTHER_APP({ field: "appVersionId", id, appId });
  return found.appVersion;
}

function namedVersion({ appId, workflowVersionId: id, found }: RunTargetQuestion): VersionFound | undefined {
  if (id == null) return undefined;
  if (found.workflowVersion == null) throw sessionErrors.WORKFLOW_VERSION_NOT_FOUND({ id });
  if (found.workflowVersion.workflow.app.id !== appId)
    throw sessionErrors.WORKFLOW_VERSION_OF_OTHER_APP({ field: "workflowVersionId", id, appId });
  return found.workflowVersion;
}

function onlyWorkflowsVersion({ appId, found }: RunTargetQuestion): VersionFound {
  const [workflow, another] = (found.app?.workflows.edges ?? []).map((edge) => edge.node);
  if (workflow === undefined) throw sessionErrors.RUN_TARGET_MISSING({ appId });
  if (another !== undefined) throw sessionErrors.RUN_TARGET_AMBIGUOUS({ appId });
  if (workflow.publishedVersion === null) throw sessionErrors.WORKFLOW_VERSION_NOT_PUBLISHED({ appId, workflowId: workflow.id });
  return workflow.publishedVersion;
}
