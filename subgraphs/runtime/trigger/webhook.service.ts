import { LockMode } from "@mikro-orm/core";
import type { FilterQuery } from "@mikro-orm/postgresql";
import type { Tx } from "#shared/db/database.ts";
import { checkName, checkRange, checkStorableText, given } from "#shared/fields.ts";
import { newId } from "#shared/ids.ts";
import { runtimeErrors } from "../errors.ts";
import { checkRuns, databaseNow } from "./schedule.service.ts";
import type { TriggerContext } from "./trigger.context.ts";
import { hookTokenHash, newHookSecret, newHookToken } from "./webhook-token.ts";
import { Webhook } from "./webhook.entity.ts";
import type { CreateWebhookInput, UpdateWebhookInput, WebhookFilter } from "./webhook.inputs.ts";
import { checkHeader, checkHookSecret, checkShownHeaders, checkSignatureRule } from "./webhook.rules.ts";

/** Webhooks of one tenant. */
const maxWebhooks = 1_000;
const mostAnswerSeconds = 30;
const longestOverlapSeconds = 30 * 86_400;

/** A webhook with what is shown once. */
export interface ShownOnce {
  url: string | null;
  secret: string | null;
  webhook: Webhook;
}

/**
 * Makes a webhook. Its workflow must be able to run now.
 *
 * @throws AppError SECRET_WITHOUT_SIGNATURE, WEBHOOKS_LIMIT, those of compileRun and webhook.rules.ts
 */
export async function createWebhook(context: TriggerContext, input: CreateWebhookInput): Promise<ShownOnce> {
  const { db, env } = context;
  const name = checkStorableText("name", checkName(input.name));
  const deliveryHeader = input.deliveryHeader == null ? null : checkHeader("deliveryHeader", input.deliveryHeader);
  const signature = input.signature == null ? null : checkSignatureRule(input.signature, deliveryHeader);
  if (signature === null && input.secret != null) throw runtimeErrors.SECRET_WITHOUT_SIGNATURE({ field: "secret" });
  const headers = checkShownHeaders(input.headers ?? []);
  const answerSeconds = checkAnswerSeconds(input.answerSeconds ?? mostAnswerSeconds);
  const plainSecret = signature === null ? null : input.secret == null ? newHookSecret() : checkHookSecret(input.secret);
  const runs = await checkRuns(context, input);
  const box = await context.tenantSecrets();
  const id = newId();
  const token = newHookToken(db.tenantId);
  const webhook = await db.transaction(async (tx) => {
    if ((await tx.em.count(Webhook, {})) >= maxWebhooks) throw runtimeErrors.WEBHOOKS_LIMIT({ limit: maxWebhooks });
    const now = await databaseNow(tx);
    return tx.em.create(Webhook, {
      ...{ id, tenantId: db.tenantId, name, ...runs, status: "ACTIVE", tokenHash: hookTokenHash(token) },
      ...{ answer: input.answer ?? "AT_ONCE", answerSeconds, deliveryHeader, headers, signature },
      ...{ secret: plainSecret === null ? null : box.seal(plainSecret, secretBinding(id)), previousSecret: null, previousUntil: null },
      ...{ createdAt: now, updatedAt: now },
    });
  });
  return { webhook, url: `${env.publicUrl ?? ""}/hooks/${token}`, secret: plainSecret };
}

/** Changes what is given. @throws AppError WEBHOOK_NOT_FOUND, those of compileRun and webhook.rules.ts */
export async function updateWebhook(context: TriggerContext, id: string, input: UpdateWebhookInput): Promise<Webhook> {
  const { status, answer, workflowVersionId } = input;
  const name = given(input.name) ? checkStorableText("name", checkName(input.name)) : undefined;
  const headers = given(input.headers) ? checkShownHeaders(input.headers) : undefined;
  const answerSeconds = given(input.answerSeconds) ? checkAnswerSeconds(input.answerSeconds) : undefined;
  const before = await context.db.read(({ em }) => em.findOne(Webhook, { id }));
  if (before !== null && workflowVersionId !== undefined) await checkRuns(context, { workflowId: before.workflowId, workflowVersionId });
  return change(context, id, (webhook) => {
    if (name !== undefined) webhook.name = name;
    if (headers !== undefined) webhook.headers = headers;
    if (answerSeconds !== undefined) webhook.answerSeconds = answerSeconds;
    if (given(status)) webhook.status = status;
    if (given(answer)) webhook.answer = answer;
    if (workflowVersionId !== undefined) webhook.workflowVersionId = workflowVersionId;
  });
}

/**
 * Another secret; the one before holds for some time, while the sender is told.
 *
 * @throws AppError WEBHOOK_NOT_FOUND, WEBHOOK_UNSIGNED, NUMBER_OUT_OF_RANGE, those of checkText
 */
export async function rotateWebhookSecret(
  context: TriggerContext,
  id: string,
  { secret: asked, overlapSeconds }: { secret: string | null; overlapSeconds: number },
): Promise<ShownOnce> {
  const overlap = checkRange("overlapSeconds", overlapSeconds, { min: 0, max: longestOverlapSeconds });
  const secret = asked === null ? newHookSecret() : checkHookSecret(asked);
  const box = await context.tenantSecrets();
  const webhook = await change(context, id, (found, now) => {
    if (found.signature === null) throw runtimeErrors.WEBHOOK_UNSIGNED({ id });
    found.previousSecret = overlap === 0 ? null : found.secret;
    found.previousUntil = overlap === 0 ? null : new Date(now.getTime() + overlap * 1_000);
    found.secret = box.seal(secret, secretBinding(id));
  });
  return { webhook, secret, url: null };
}

/** Another URL; the one before is gone at once. @throws AppError WEBHOOK_NOT_FOUND */
export async function rotateWebhookUrl(context: TriggerContext, id: string): Promise<ShownOnce> {
  const token = newHookToken(context.db.tenantId);
  const webhook = await change(context, id, (found) => {
    found.tokenHash = hookTokenHash(token);
  });
  return { webhook, url: `${context.env.publicUrl ?? ""}/hooks/${token}`, secret: null };
}

/** Deletes it; its runs stay. @throws AppError WEBHOOK_NOT_FOUND */
export function deleteWebhook({ db }: TriggerContext, id: string): Promise<Webhook> {
  return db.transaction(async (tx) => {
    const webhook = await lockWebhook(tx, id);
    tx.em.remove(webhook);
    return webhook;
  });
}

/** The condition that a filter stands for. */
export function webhookCondition(filter: WebhookFilter | null | undefined): FilterQuery<Webhook> {
  const { workflowId, status } = filter ?? {};
  return { ...(workflowId != null && { workflowId }), ...(status != null && { status }) };
}

/** What a secret is sealed for. */
export function secretBinding(id: string): string {
  return `runtime.webhook:${id}`;
}

function change({ db }: TriggerContext, id: string, apply: (webhook: Webhook, now: Date) => void): Promise<Webhook> {
  return db.transaction(async (tx) => {
    const webhook = await lockWebhook(tx, id);
    const now = await databaseNow(tx);
    apply(webhook, now);
    webhook.updatedAt = now;
    return webhook;
  });
}

function checkAnswerSeconds(seconds: number): number {
  return checkRange("answerSeconds", seconds, { min: 1, max: mostAnswerSeconds });
}

async function lockWebhook({ em }: Tx, id: string): Promise<Webhook> {
  const webhook = await em.findOne(Webhook, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (webhook === null) throw runtimeErrors.WEBHOOK_NOT_FOUND({ id });
  return webhook;
}
