import { problems } from "#shared/dsl/read.ts";
import { defineErrors } from "#shared/errors.ts";
import type { Json } from "#shared/json.ts";

/** Everything that the workflow subgraph refuses, and why. */
export const workflowErrors = defineErrors({
  APP_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No app ${f.id}.` },
  APP_CODE_TAKEN: {
    code: "CONFLICT",
    message: (f: { field: string; value: string }) => `An app with the code ${f.value} exists. Choose another code.`,
  },
  APP_HAS_WORKFLOWS: {
    code: "CONFLICT",
    message: (f: { id: string; workflows: number }) => `App ${f.id} still has workflows (${f.workflows}). Delete them first.`,
  },
  APP_VERSION_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No app version ${f.id}.` },
  WORKFLOW_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No workflow ${f.id}.` },
  WORKFLOW_CODE_TAKEN: {
    code: "CONFLICT",
    message: (f: { field: string; value: string }) => `The app has a workflow with the code ${f.value}. Choose another code.`,
  },
  WORKFLOW_VERSION_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No workflow version ${f.id}.` },
  WORKFLOW_VERSION_ARCHIVED: {
    code: "CONFLICT",
    message: (f: { id: string }) => `Workflow version ${f.id} is archived. Publish or use another version.`,
  },
  WORKFLOW_VERSION_OF_OTHER_APP: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string; appId: string }) =>
      `Workflow version ${f.value} does not belong to app ${f.appId}. Give a version of one of that app's workflows.`,
  },
  DSL_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; issues: Json }) =>
      `The DSL has ${problems(f.issues as Json[])}, listed in extensions.issues. validateDsl checks a document without saving it.`,
  },
});
