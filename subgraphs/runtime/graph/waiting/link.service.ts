/** Makes links to what waits, and answers whoever comes with one. */
import { databaseNowMs } from "#shared/database-time.ts";
import { AppError } from "#shared/errors.ts";
import { checkRange, checkStorableText, checkText, excerpt } from "#shared/fields.ts";
import { isJsonType, readMediaType } from "#shared/fetch/media-type.ts";
import type { Json } from "#shared/json.ts";
import { JsonProblem, readJsonInTurns } from "#shared/json-reader.ts";
import { agentPartTypes } from "../../engine/drivers/agent-plan.ts";
import { runtimeErrors } from "../../errors.ts";
import { nodeRunId } from "../../queue/node-run-id.ts";
import { answererOf, answerNodeRun } from "./answer.service.ts";
import { formAnswer, formProblemsOf, type FormFields } from "./link-form.ts";
import { answerPage, notePage } from "./link-page.ts";
import { formToken, isFormToken, linkToken, readLinkToken, type LinkClaims } from "./link-token.ts";
import type { RuntimeContext } from "../runtime.context.ts";
import { shownWaiting, type WaitingRow } from "./waiting.entity.ts";
import { waitEnd } from "./wait-ended.ts";

const leastSeconds = 60;
const mostSeconds = 366 * 86_400;
const weekSeconds = 7 * 86_400;
const writeScope = "run:write";

/** A link to a page; null for what no page can answer. @throws AppError LINK_SCOPE_MISSING, NUMBER_OUT_OF_RANGE, those of checkText */
export function answerLink(
  context: RuntimeContext,
  row: WaitingRow,
  { expiresInSeconds, name }: { expiresInSeconds: number | null; name: string | null },
): string | null {
  checkScope(context, "link");
  if (row.reason === "CALLBACK" || row.reason === "TIMER") return null;
  const seconds = checkRange("expiresInSeconds", expiresInSeconds ?? weekSeconds, { min: leastSeconds, max: mostSeconds });
  const by = name == null ? answererOf(context) : checkStorableText("name", checkText("name", name, { min: 1, max: 200 }));
  return address(context, { ...claimsOf(context, row), kind: "answer", expires: Math.floor(databaseNowMs() / 1_000) + seconds, by });
}

/** The address that a machine calls; null for what waits for none. @throws AppError LINK_SCOPE_MISSING */
export function callbackLink(context: RuntimeContext, row: WaitingRow): string | null {
  checkScope(context, "callbackUrl");
  if (row.reason !== "CALLBACK") return null;
  return address(context, { ...claimsOf(context, row), kind: "callback", expires: null, by: "callback" });
}

/** Whoever has it may answer, so it is given to whoever may. */
function checkScope({ scopes }: RuntimeContext, field: string): void {
  if (scopes !== undefined && !scopes.includes(writeScope)) throw runtimeErrors.LINK_SCOPE_MISSING({ field, scope: writeScope });
}

function claimsOf({ db }: RuntimeContext, { runId, path, attempt, reason }: WaitingRow) {
  return { tenantId: db.tenantId, runId, path, attempt, reason };
}

function address({ env, secrets }: RuntimeContext, claims: LinkClaims): string {
  return `${env.publicUrl ?? ""}/${claims.kind}/${linkToken(secrets, claims)}`;
}

/** What came with a link. */
export interface LinkVisit {
  kind: "answer" | "callback";
  token: string;
  /** Of a POST what it carried; null: it only looks. */
  body: string | null;
  /** Of the body. */
  contentType: string | null;
}

/** What whoever came is answered. */
export interface LinkAnswer {
  status: number;
  contentType: string;
  body: string;
}

/**
 * Answers whoever comes with a link. A look changes nothing: scanners of mail follow links. Only a POST answers, with the token of a form that was shown.
 *
 * @throws AppError of what is the platform's own trouble
 */
export async function visitLink(context: RuntimeContext, visit: LinkVisit): Promise<LinkAnswer> {
  const claims = readLinkToken(context.secrets, visit.token);
  if (claims === undefined || claims.kind !== visit.kind || claims.tenantId !== context.db.tenantId) return gone(visit, 404);
  if (claims.expires !== null && claims.expires * 1_000 < databaseNowMs()) return gone(visit, 410);
  const id = nodeRunId(claims.runId, claims.path);
  const row = await context.loaders.waiting.load(id);
  const isOpen = row?.isOpen === true && row.reason === claims.reason && row.attempt === claims.attempt;
  if (!isOpen) return answered(context, visit, id);
  if (visit.kind === "callback") return visit.body === null ? json(200, { status: "waiting" }) : called(context, { visit, claims, id });
  return visit.body === null ? page(200, await shown(context, visit, row)) : filled(context, { visit, claims, row, body: visit.body });
}

/** A machine calls: the body is the output. */
async function called(
  context: RuntimeContext,
  { visit, claims, id }: { visit: LinkVisit; claims: LinkClaims; id: string },
): Promise<LinkAnswer> {
  try {
    await answerNodeRun(context, id, await outputOf(visit), claims.by);
    return json(200, { status: "received" });
  } catch (error) {
    if (!isTheirs(error)) throw error;
    return json(error.code === "CONFLICT" ? 409 : 422, { code: error.code, reason: error.reason, message: error.message });
  }
}

/**
 * JSON is data, whatever it is called; all else is text.
 *
 * @throws AppError CALLBACK_BODY_NOT_JSON: a wait ends once, so what was cut on its way does not end it. CALLBACK_BODY_HAS_TOO_MUCH
 */
async function outputOf({ body, contentType }: LinkVisit): Promise<{ outputText?: string; outputJson?: Json }> {
  const text = body ?? "";
  if (text === "") return {};
  if (contentType !== null && /^(text\/plain|application\/x-www-form-urlencoded)/i.test(contentType)) return { outputText: text };
  // Numbers that a double does not keep are their digits, and nobody is told of them.
  const value = await readJsonInTurns(text, { told: () => {} });
  if (!(value instanceof JsonProblem)) return { outputJson: value };
  if (contentType === null || !isJsonType(readMediaType(contentType))) return { outputText: text };
  if (value.excess !== undefined) throw runtimeErrors.CALLBACK_BODY_HAS_TOO_MUCH({ problem: value.excess });
  throw runtimeErrors.CALLBACK_BODY_NOT_JSON({ contentType: excerpt(contentType) });
}

interface Filled {
  visit: LinkVisit;
  claims: LinkClaims;
  row: WaitingRow;
  body: string;
}

/** A form comes back. What does not fit is shown again, with what is wrong. */
async function filled(context: RuntimeContext, { visit, claims, row, body }: Filled): Promise<LinkAnswer> {
  const fields: FormFields = new URLSearchParams(body);
  const given = { formToken: fields.get("form_token") ?? "", token: visit.token };
  if (!isFormToken(context.secrets, given, databaseNowMs() / 1_000)) {
    const problems = [
      {
        field: "",
        message: "This form was not sent from the page itself, or was open for more than a day. Look through it and send it again.",
      },
    ];
    return page(403, { ...(await shown(context, visit, row)), fields, problems });
  }
  const { answer, problems } = formAnswer(row, fields);
  if (problems.length > 0) return page(422, { ...(await shown(context, visit, row)), fields, problems });
  try {
    await answerNodeRun(context, row.id, answer, claims.by);
    return page(200, { title: "Thank you", text: "Your answer was received. You can close this page." });
  } catch (error) {
    if (!isTheirs(error)) throw error;
    if (error.code === "CONFLICT" || error.code === "NOT_FOUND") return answered(context, visit, row.id);
    return page(422, { ...(await shown(context, visit, row)), fields, problems: formProblemsOf(error) });
  }
}

async function shown(context: RuntimeContext, visit: LinkVisit, row: WaitingRow) {
  return {
    waiting: shownWaiting(row),
    asker: await askerOf(context, row),
    formToken: formToken(context.secrets, visit.token, databaseNowMs() / 1_000),
  };
}

/** Who wants a call, where that is one of several: an agent of a workflow, or a member of a team. The one node of an agent's own run is called as its type is. */
async function askerOf({ loaders }: RuntimeContext, { runId, path, nodeType }: WaitingRow): Promise<string | undefined> {
  if (nodeType !== agentPartTypes.tool) return undefined;
  const agent = await loaders.nodeRun.load(nodeRunId(runId, path.slice(0, path.lastIndexOf("/"))));
  return agent === null || agent.nodeId === agent.nodeType ? undefined : agent.nodeId;
}

/** Somebody was first, or the wait is over. */
async function answered(context: RuntimeContext, visit: LinkVisit, id: string): Promise<LinkAnswer> {
  const { loaders } = context;
  const [nodeRun, row] = await Promise.all([loaders.nodeRun.clear(id).load(id), loaders.waiting.clear(id).load(id)]);
  const run = nodeRun === null ? null : await loaders.run.load(nodeRun.runId);
  const { title, text } = waitEnd({ nodeRun, run, isAskedAnew: row?.isOpen === true });
  if (visit.kind === "callback") return json(409, { code: "CONFLICT", reason: "NODE_RUN_NOT_WAITING", message: text });
  return page(visit.body === null ? 200 : 409, { title, text });
}

function gone(visit: LinkVisit, status: 404 | 410): LinkAnswer {
  const text =
    status === 410
      ? "This link has expired. Ask whoever sent it for a new one."
      : "This link is not valid. It may have been cut when it was copied.";
  if (visit.kind === "callback") return json(status, { code: "NOT_FOUND", reason: "LINK_INVALID", message: text });
  return page(status, { title: status === 410 ? "This link has expired" : "This link is not valid", text });
}

/** What whoever answers can do something about. */
function isTheirs(error: unknown): error is AppError {
  return error instanceof AppError && ["BAD_USER_INPUT", "CONFLICT", "NOT_FOUND", "RESOURCE_EXHAUSTED"].includes(error.code);
}

function page(status: number, content: Parameters<typeof answerPage>[0] | Parameters<typeof notePage>[0]): LinkAnswer {
  const body = "waiting" in content ? answerPage(content) : notePage(content);
  return { status, contentType: "text/html; charset=utf-8", body };
}

function json(status: number, value: Json): LinkAnswer {
  return { status, contentType: "application/json; charset=utf-8", body: JSON.stringify(value) };
}
