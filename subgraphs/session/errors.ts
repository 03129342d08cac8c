import { defineErrors } from "#shared/errors.ts";

/** Everything that the session subgraph refuses, and why. */
export const sessionErrors = defineErrors({
  SESSION_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No session ${f.id}.` },
  SESSION_CLOSED: {
    code: "CONFLICT",
    message: (f: { id: string }) => `Session ${f.id} is closed. It takes no messages and starts no runs; create a new one.`,
  },
  RUN_REQUEST_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No run request ${f.id}.` },
  APP_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No app ${f.id}.` },
  APP_VERSION_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No app version ${f.id}.` },
  APP_VERSION_OF_OTHER_APP: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; id: string; appId: string }) =>
      `${f.field} ${f.id} does not belong to app ${f.appId}, which the session is about. Give one of that app's.`,
  },
  WORKFLOW_VERSION_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No workflow version ${f.id}.` },
  WORKFLOW_VERSION_OF_OTHER_APP: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; id: string; appId: string }) =>
      `${f.field} ${f.id} does not belong to app ${f.appId}, which the session is about. Give one of that app's workflows.`,
  },
  WORKFLOW_VERSION_ARCHIVED: {
    code: "CONFLICT",
    message: (f: { id: string }) => `Workflow version ${f.id} is archived and starts no run. Publish or name another version.`,
  },
  WORKFLOW_VERSION_NOT_PUBLISHED: {
    code: "CONFLICT",
    message: (f: { appId: string; workflowId: string }) =>
      `App ${f.appId} has no published version, nor has its only workflow, ${f.workflowId}. Publish one of them, or give workflowVersionId.`,
  },
  RUN_TARGET_AMBIGUOUS: {
    code: "CONFLICT",
    message: (f: { appId: string }) =>
      `App ${f.appId} has no published version and several workflows. Publish an app version, or give appVersionId or workflowVersionId.`,
  },
  RUN_TARGET_MISSING: {
    code: "CONFLICT",
    message: (f: { appId: string }) => `App ${f.appId} has nothing to run. Create a workflow with a published version.`,
  },
});
