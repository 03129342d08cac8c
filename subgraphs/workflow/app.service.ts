import { LockMode } from "@mikro-orm/core";
import { databaseNow } from "#shared/database-time.ts";
import type { Tx } from "#shared/db/database.ts";
import { onDuplicate } from "#shared/db/errors.ts";
import { nextPublishedAt, nextVersionNumber } from "#shared/db/versions.sql.ts";
import { checkCode, checkDescription, checkJson, checkName, creatableStatus, given } from "#shared/fields.ts";
import { newId } from "#shared/ids.ts";
import { AppVersion } from "./app-version.entity.ts";
import { App, AppStatus } from "./app.entity.ts";
import type { CreateAppInput, CreateAppVersionInput, UpdateAppInput } from "./app.inputs.ts";
import { workflowErrors } from "./errors.ts";
import { VersionStatus } from "./version-status.ts";
import { WorkflowVersion } from "./workflow-version.entity.ts";
import type { WorkflowContext } from "./workflow.context.ts";
import { Workflow } from "./workflow.entity.ts";

const configBytes = 64 * 1024;

/** Where the versions are that this file numbers and publishes. */
const versions = { table: "workflow.app_version", parent: "app_id" };

/** Makes an app. @throws AppError APP_CODE_TAKEN */
export async function createApp({ db }: WorkflowContext, input: CreateAppInput): Promise<App> {
  const code = checkCode("code", input.code);
  const now = databaseNow();
  const fields = {
    id: newId(),
    tenantId: db.tenantId,
    code,
    name: checkName(input.name),
    description: checkDescription(input.description),
  };
  return onDuplicate(
    "app_code",
    (cause) => workflowErrors.APP_CODE_TAKEN({ field: "code", value: code }, { cause }),
    () =>
      db.transaction(async ({ em }) =>
        em.create(App, { ...fields, status: AppStatus.ACTIVE, createdAt: now, updatedAt: now, deletedAt: null }),
      ),
  );
}

/** Changes what is given. @throws AppError APP_NOT_FOUND */
export async function updateApp({ db }: WorkflowContext, id: string, input: UpdateAppInput): Promise<App> {
  return db.transaction(async (tx) => {
    const app = await lockApp(tx, id);
    if (given(input.name)) app.name = checkName(input.name);
    if (input.description !== undefined) app.description = checkDescription(input.description);
    if (given(input.status)) app.status = input.status;
    app.updatedAt = databaseNow();
    return app;
  });
}

/** Deletes an app that has no workflows left. @throws AppError APP_NOT_FOUND, APP_HAS_WORKFLOWS */
export async function deleteApp({ db }: WorkflowContext, id: string): Promise<App> {
  return db.transaction(async (tx) => {
    const app = await lockApp(tx, id);
    const workflows = await tx.em.count(Workflow, { appId: id, deletedAt: null });
    if (workflows > 0) throw workflowErrors.APP_HAS_WORKFLOWS({ id, workflows });
    app.deletedAt = app.updatedAt = databaseNow();
    return app;
  });
}

/** Makes a version of an app. @throws AppError APP_NOT_FOUND, WORKFLOW_VERSION_NOT_FOUND, WORKFLOW_VERSION_OF_OTHER_APP, WORKFLOW_VERSION_ARCHIVED */
export async function createAppVersion({ db }: WorkflowContext, input: CreateAppVersionInput): Promise<AppVersion> {
  const { appId, workflowVersionId } = input;
  const status = creatableStatus(input.status ?? VersionStatus.DRAFT);
  const config = checkJson("config", input.config ?? {}, configBytes);
  return db.transaction(async (tx) => {
    await lockApp(tx, appId);
    await checkWorkflowVersion(tx, appId, workflowVersionId);
    const now = databaseNow();
    const version = await nextVersionNumber(tx, versions, appId);
    const publishedAt = status === VersionStatus.PUBLISHED ? await nextPublishedAt(tx, versions, appId) : null;
    return tx.em.create(AppVersion, {
      id: newId(),
      tenantId: db.tenantId,
      appId,
      workflowVersionId,
      version,
      status,
      config,
      createdAt: now,
      publishedAt,
    });
  });
}

/** Makes a version the app's published one. @throws AppError APP_VERSION_NOT_FOUND, APP_NOT_FOUND when the app was deleted */
export async function publishAppVersion({ db }: WorkflowContext, id: string): Promise<AppVersion> {
  return db.transaction(async (tx) => {
    const version = await tx.em.findOne(AppVersion, { id });
    if (version === null) throw workflowErrors.APP_VERSION_NOT_FOUND({ id });
    await lockApp(tx, version.appId);
    version.status = VersionStatus.PUBLISHED;
    version.publishedAt = await nextPublishedAt(tx, versions, version.appId);
    return version;
  });
}

async function lockApp({ em }: Tx, id: string): Promise<App> {
  const app = await em.findOne(App, { id, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (app === null) throw workflowErrors.APP_NOT_FOUND({ id });
  return app;
}

async function checkWorkflowVersion({ em }: Tx, appId: string, id: string): Promise<void> {
  const version = await em.findOne(WorkflowVersion, { id });
  if (version === null) throw workflowErrors.WORKFLOW_VERSION_NOT_FOUND({ id });
  if (version.status === VersionStatus.ARCHIVED) throw workflowErrors.WORKFLOW_VERSION_ARCHIVED({ id });
  const workflow = await em.findOne(Workflow, { id: version.workflowId, appId, deletedAt: null });
  if (workflow === null) throw workflowErrors.WORKFLOW_VERSION_OF_OTHER_APP({ field: "workflowVersionId", value: id, appId });
}
