import { LockMode } from "@mikro-orm/core";
import { databaseNow } from "#shared/database-time.ts";
import type { Tx } from "#shared/db/database.ts";
import { onDuplicate } from "#shared/db/errors.ts";
import { nextPublishedAt, nextVersionNumber } from "#shared/db/versions.sql.ts";
import type { DslIssue } from "#shared/dsl/validate.ts";
import { checkCode, checkDescription, checkName, checkStorable, creatableStatus, given } from "#shared/fields.ts";
import { newId } from "#shared/ids.ts";
import type { Json } from "#shared/json.ts";
import { ownTurn } from "#shared/own-turn.ts";
import { App } from "./app.entity.ts";
import { workflowErrors } from "./errors.ts";
import { validated } from "./validation.ts";
import { VersionStatus } from "./version-status.ts";
import { WorkflowVersion } from "./workflow-version.entity.ts";
import type { WorkflowContext } from "./workflow.context.ts";
import { Workflow } from "./workflow.entity.ts";
import type { CreateWorkflowInput, CreateWorkflowVersionInput, UpdateWorkflowInput } from "./workflow.inputs.ts";

/** Where the versions are that this file numbers and publishes. */
const versions = { table: "workflow.workflow_version", parent: "workflow_id" };

/** Makes a workflow of an app. @throws AppError APP_NOT_FOUND, WORKFLOW_CODE_TAKEN */
export async function createWorkflow({ db }: WorkflowContext, input: CreateWorkflowInput): Promise<Workflow> {
  const { appId } = input;
  const code = checkCode("code", input.code);
  const now = databaseNow();
  const fields = {
    id: newId(),
    tenantId: db.tenantId,
    appId,
    code,
    name: checkName(input.name),
    description: checkDescription(input.description),
  };
  return onDuplicate(
    "workflow_code",
    (cause) => workflowErrors.WORKFLOW_CODE_TAKEN({ field: "code", value: code }, { cause }),
    () =>
      db.transaction(async ({ em }) => {
        // The lock keeps a deletion of the app from overtaking its new child.
        const app = await em.findOne(App, { id: appId, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_READ });
        if (app === null) throw workflowErrors.APP_NOT_FOUND({ id: appId });
        return em.create(Workflow, { ...fields, createdAt: now, updatedAt: now, deletedAt: null });
      }),
  );
}

/** Changes what is given. @throws AppError WORKFLOW_NOT_FOUND */
export async function updateWorkflow({ db }: WorkflowContext, id: string, input: UpdateWorkflowInput): Promise<Workflow> {
  return db.transaction(async (tx) => {
    const workflow = await lockWorkflow(tx, id);
    if (given(input.name)) workflow.name = checkName(input.name);
    if (input.description !== undefined) workflow.description = checkDescription(input.description);
    workflow.updatedAt = databaseNow();
    return workflow;
  });
}

/** Deletes a workflow; its versions stay for the runs that point to them. @throws AppError WORKFLOW_NOT_FOUND */
export async function deleteWorkflow({ db }: WorkflowContext, id: string): Promise<Workflow> {
  return db.transaction(async (tx) => {
    const workflow = await lockWorkflow(tx, id);
    workflow.deletedAt = workflow.updatedAt = databaseNow();
    return workflow;
  });
}

/** Every problem of a document. @throws AppError EVALUATION_BUSY, EVALUATION_TOO_SLOW, EVALUATION_TOO_LARGE */
export async function validate({ db, env, services }: WorkflowContext, dsl: Json): Promise<DslIssue[]> {
  const issues = await validated(services.evaluation, db.tenantId, { document: dsl, maxTimeoutSeconds: env.maxTimeoutSeconds });
  await ownTurn();
  return issues;
}

/** Saves a document as the workflow's next version. @throws AppError DSL_INVALID with all its problems, WORKFLOW_NOT_FOUND, those of checkStorable */
export async function createWorkflowVersion(
  { db, env, services }: WorkflowContext,
  input: CreateWorkflowVersionInput,
): Promise<WorkflowVersion> {
  const { workflowId, dsl } = input;
  const status = creatableStatus(input.status ?? VersionStatus.DRAFT);
  const issues = await validated(services.evaluation, db.tenantId, { document: dsl, maxTimeoutSeconds: env.maxTimeoutSeconds });
  const problems = issues.filter((issue) => issue.severity === "ERROR");
  if (problems.length > 0) throw workflowErrors.DSL_INVALID({ field: "dsl", issues: problems.map(issueFacts) });
  checkStorable("dsl", dsl);
  return db.transaction(async (tx) => {
    await lockWorkflow(tx, workflowId);
    const now = databaseNow();
    const version = await nextVersionNumber(tx, versions, workflowId);
    const publishedAt = status === VersionStatus.PUBLISHED ? await nextPublishedAt(tx, versions, workflowId) : null;
    return tx.em.create(WorkflowVersion, {
      id: newId(),
      tenantId: db.tenantId,
      workflowId,
      version,
      status,
      dsl,
      createdAt: now,
      publishedAt,
    });
  });
}

/** Makes a version the workflow's published one, whatever its number. @throws AppError WORKFLOW_VERSION_NOT_FOUND, WORKFLOW_NOT_FOUND when the workflow was deleted */
export async function publishWorkflowVersion({ db }: WorkflowContext, id: string): Promise<WorkflowVersion> {
  return db.transaction(async (tx) => {
    const version = await lockVersion(tx, id);
    version.status = VersionStatus.PUBLISHED;
    version.publishedAt = await nextPublishedAt(tx, versions, version.workflowId);
    return version;
  });
}

/** Takes a version out of use for new runs. @throws AppError WORKFLOW_VERSION_NOT_FOUND */
export async function archiveWorkflowVersion({ db }: WorkflowContext, id: string): Promise<WorkflowVersion> {
  return db.transaction(async (tx) => {
    const version = await lockVersion(tx, id);
    version.status = VersionStatus.ARCHIVED;
    return version;
  });
}

async function lockWorkflow({ em }: Tx, id: string): Promise<Workflow> {
  const workflow = await em.findOne(Workflow, { id, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (workflow === null) throw workflowErrors.WORKFLOW_NOT_FOUND({ id });
  return workflow;
}

/** The version, with its workflow's row locked: whoever publishes or archives waits for whoever does. */
async function lockVersion(tx: Tx, id: string): Promise<WorkflowVersion> {
  const found = await tx.em.findOne(WorkflowVersion, { id }, { fields: ["workflowId"] });
  if (found === null) throw workflowErrors.WORKFLOW_VERSION_NOT_FOUND({ id });
  await lockWorkflow(tx, found.workflowId);
  return tx.em.findOneOrFail(WorkflowVersion, { id }, { refresh: true });
}

function issueFacts({ severity, code, message, path }: DslIssue): Json {
  return { severity, code, message, path };
}
