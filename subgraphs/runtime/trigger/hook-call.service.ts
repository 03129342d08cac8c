/** What comes to the address of a webhook: found by its token, checked by its signature, made into a run, and waited for. */
import { createHash } from "node:crypto";
import { databaseNowMs } from "#shared/database-time.ts";
import { checkLargeJson } from "#shared/fields.ts";
import { createKeyedRun } from "../graph/run.service.ts";
import { runtimeErrors } from "../errors.ts";
import { isTerminal, runStatusWord } from "../queue/statuses.ts";
import type { TriggerContext } from "./trigger.context.ts";
import { hookInput, type HookCall } from "./webhook-input.ts";
import { checkSignature } from "./webhook-signature.ts";
import { hookTokenHash } from "./webhook-token.ts";
import { Webhook } from "./webhook.entity.ts";
import { secretBinding } from "./webhook.service.ts";

/** A body of 1 MiB as text, as data, and in base64 where it is none. */
const inputBytes = 4 << 20;

/** The webhook of a token that takes calls; null where there is none. */
export function findHook({ db }: TriggerContext, token: string): Promise<Webhook | null> {
  return db.read(({ em }) => em.findOne(Webhook, { tokenHash: hookTokenHash(token), status: "ACTIVE" }));
}

/** The run of a call. */
export interface CalledRun {
  runId: string;
  /** 0: its output is not waited for. */
  waitSeconds: number;
}

/**
 * Makes the run of a call, or finds it where the call came before. null: there is no such webhook.
 *
 * @throws AppError WEBHOOK_SIGNATURE_MISSING, WEBHOOK_SIGNATURE_WRONG, WEBHOOK_SIGNATURE_LATE, WEBHOOK_BODY_NOT_JSON, WEBHOOK_BODY_HAS_TOO_MUCH, those of createKeyedRun and checkLargeJson
 */
export async function callHook(context: TriggerContext, token: string, call: HookCall): Promise<CalledRun | null> {
  const hook = await findHook(context, token);
  if (hook === null) return null;
  const deliveryId = call.headers[hook.deliveryHeader ?? "idempotency-key"];
  const signedHash = await checkSigned(context, hook, { call, deliveryId });
  const input = await hookInput(call, hook.headers);
  const { text: inputText } = await checkLargeJson("body", input, inputBytes);
  const { workflowId, workflowVersionId } = hook;
  const run = await createKeyedRun(
    context,
    { workflowId, workflowVersionId },
    { input, inputText, priority: 0, idempotency: deliveryKey(hook, deliveryId, signedHash) },
  );
  return { runId: run.id, waitSeconds: hook.answer === "OUTPUT" ? hook.answerSeconds : 0 };
}

/** @returns the hash of what was signed, where the hook asks for a signature. @throws AppError WEBHOOK_SIGNATURE_… */
async function checkSigned(
  context: TriggerContext,
  hook: Webhook,
  { call, deliveryId }: { call: HookCall; deliveryId: string | undefined },
): Promise<string | undefined> {
  const { signature: rule, id, secret, previousSecret, previousUntil } = hook;
  if (rule === null) return undefined;
  const box = await context.tenantSecrets();
  const nowMs = databaseNowMs();
  const isPreviousGood = previousUntil !== null && previousUntil.getTime() > nowMs;
  const sealed = [secret, isPreviousGood ? previousSecret : null].filter((one) => one !== null);
  const secrets = sealed.map((one) => box.open(one, secretBinding(id)));
  const signed = { header: (name: string) => call.headers[name], body: call.body, deliveryId };
  const checked = checkSignature(rule, signed, { secrets, nowMs });
  const { header, toleranceSeconds } = rule;
  switch (checked.kind) {
    case "right":
      return checked.signedHash;
    case "missing":
      throw runtimeErrors.WEBHOOK_SIGNATURE_MISSING({ header });
    case "late":
      throw runtimeErrors.WEBHOOK_SIGNATURE_LATE({ header, toleranceSeconds: toleranceSeconds ?? 0 });
    default:
      throw runtimeErrors.WEBHOOK_SIGNATURE_WRONG({ header });
  }
}

/**
 * By it a call that comes again is found: the sender's number of the delivery, else what was signed, where a time is in it: so who has overheard a call makes no second run of it,
 * nor does a sender that signs with another secret while that is rotated. Another body under the same number is the same delivery: it is for the sender to number them.
 */
function deliveryKey(hook: Webhook, deliveryId: string | undefined, signedHash: string | undefined) {
  const isTimed = hook.signature?.toleranceSeconds != null;
  const word = deliveryId !== undefined && deliveryId !== "" ? `id ${deliveryId}` : isTimed ? `signed ${signedHash}` : undefined;
  if (word === undefined) return undefined;
  return { key: `webhook:${hook.id}:${createHash("sha256").update(word).digest("base64url")}`, inputHash: "webhook" };
}

/** What whoever called is answered of a run. */
export interface CallAnswer {
  status: number;
  contentType: string;
  body: string;
}

/** What is longer is for who has a key: it is read in pieces there, and here it would be held whole by each process on its way. */
const maxAnswerBytes = 4 << 20;

/** How often the run is looked at where no hint comes: hints may be lost. */
const lookMs = 2_500;

/** How a run ended, waited for so long; null: it has not. */
export async function runOutput(context: TriggerContext, runId: string, waitMs: number): Promise<CallAnswer | null> {
  const { hints, signal } = context;
  const untilMs = performance.now() + waitMs;
  let isTold = () => {};
  const unsubscribe = hints.subscribe("run", runId, () => isTold());
  try {
    for (;;) {
      const told = new Promise<void>((resolve) => (isTold = resolve));
      const ended = await endOf(context, runId);
      const leftMs = untilMs - performance.now();
      if (ended !== undefined || leftMs <= 0 || signal?.aborted === true) return ended ?? null;
      await withinMs(told, Math.min(lookMs, leftMs));
    }
  } finally {
    unsubscribe();
  }
}

async function withinMs(told: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([told, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}

/** undefined: it goes on. Of a failure its code alone: its words may be of what nobody outside is to know. */
async function endOf({ db, loaders }: TriggerContext, runId: string): Promise<CallAnswer | undefined> {
  const run = await loaders.run.clear(runId).load(runId);
  if (run === null) return json(410, { runId, status: "DELETED" });
  const status = runStatusWord(run.status);
  if (!isTerminal(status)) return undefined;
  if (status !== "COMPLETED") return json(500, { runId, status, errorCode: run.errorCode });
  const bytes = await outputBytes(db, runId);
  if (bytes > maxAnswerBytes) return json(200, { runId, status, error: tooLarge(bytes) });
  const output = await loaders.runOutput.load(runId);
  if (output?.outputJson != null) return json(200, output.outputJson);
  return { status: 200, contentType: "text/plain; charset=utf-8", body: output?.outputText ?? "" };
}

/** Served by the primary key. */
async function outputBytes(db: TriggerContext["db"], runId: string): Promise<number> {
  const text = `select coalesce(octet_length(output_json::text), octet_length(output_text), 0)::float8 as bytes from runtime.run where tenant_id = $2 and id = $1`;
  const [row] = await db.read((tx) => tx.sql<{ bytes: number }>(text, [runId, tx.tenantId]));
  return row?.bytes ?? 0;
}

function tooLarge(bytes: number): { code: string; message: string } {
  const message = `The run's output has ${bytes} bytes, more than ${maxAnswerBytes}. Its owner finds it by the run's id.`;
  return { code: "WEBHOOK_OUTPUT_TOO_LARGE", message };
}

function json(status: number, value: unknown): CallAnswer {
  return { status, contentType: "application/json; charset=utf-8", body: JSON.stringify(value) };
}
