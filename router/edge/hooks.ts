/**
 * `/hooks/<token>`: a stranger's POST makes a run, without an API key. The token says whose it is, and the runtime subgraph, which made it, whether it is there and what its
 * calls must be signed with; the router knows how much may come, how often and from where, and holds the call open where its answer is the run's output.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { parse } from "graphql";
import { EndpointRegistry } from "#shared/endpoint/caller.ts";
import { requestInfo } from "#shared/endpoint/request-transport.ts";
import { AppError, defineErrors } from "#shared/errors.ts";
import { newId } from "#shared/ids.ts";
import { LruCache } from "#shared/lru-cache.ts";
import { tenantIdPattern } from "#shared/request-info.ts";
import { clientGone } from "#shared/serve/graphql-http.ts";
import { sendJson } from "#shared/serve/http-answer.ts";
import { statusOfRefusal } from "#shared/serve/http-body.ts";
import { NoTurn, TurnQueue, type Asking, type Turn } from "#shared/turn-queue.ts";
import { auditRecord, beginningRecord, type AuditSink } from "../audit/audit.ts";
import { hashOf } from "../graph/operations.ts";
import { jsonBytesOf, type AnswerBytes, type AnswerMeter } from "../graph/answer-bytes.ts";
import type { Endpoints } from "../graph/subgraph-fetch.ts";
import { refusedContext, type RouterContext } from "../request-context.ts";
import type { Identities } from "./identity.ts";
import type { Rates } from "./rates/rates.ts";
import { countedAs } from "./rates/seen-from.ts";
import { startDeadline } from "./operation-deadline.ts";
import { SentBodies } from "./sent-bodies.ts";

const maxBytes = 1 << 20;
/** Calls whose webhook is looked for, or whose run is being made, and that wait for that; of one tenant half of them. */
const turns = {
  ...{ turns: 16, turnsPerTenant: 8, waiting: 200, waitingPerTenant: 100, waitMs: 10_000 },
  ...{ waitingBytes: 64 << 20, waitingBytesPerTenant: 32 << 20 },
};
/** Look-ups of tokens that were not found lately. Anybody may name any tenant in one, so they are none of that tenant's: they wait by the address that they come from. */
const unknownTurns = { turns: 8, turnsPerTenant: 4, waiting: 200, waitingPerTenant: 50, waitMs: 10_000 };
/** Tokens that were found lately. */
const mostKnown = 10_000;
/** Calls that wait for the output of their run. They hold a connection and little else; who finds no room is answered at once. */
const outputTurns = { turns: 400, turnsPerTenant: 100, waiting: 0, waitingPerTenant: 0 };
/** Longer than any that is made: a tenant's id has 63 characters. */
const longestToken = 200;
/** For finding a webhook, and for making its run: what of other subgraphs goes into the plan is asked for then. */
const callMs = 20_000;
/** One question after another, so that none of them is longer than a subgraph may take. */
const questionMs = 5_000;

const hookErrors = defineErrors({
  HOOKS_BUSY: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { retryAfterMs: number }) => `Too many webhooks are called at once. Nothing was done. Try again in ${f.retryAfterMs} ms.`,
  },
});

type Variables = Record<string, unknown>;

const hookOf = parse("query RouterHook($token: String!) { hookOf(token: $token) { id } }") as TypedDocumentNode<
  { hookOf: { id: string } | null },
  Variables
>;
const callText = "mutation RouterCallHook($input: HookCallInput!) { callHook(input: $input) { runId waitSeconds } }";
const callHook = parse(callText) as TypedDocumentNode<{ callHook: CalledRun | null }, Variables>;
const hash = hashOf(callText);
const hookOutput = parse(
  "query RouterHookOutput($runId: ID!, $waitMs: Int!) { hookOutput(runId: $runId, waitMs: $waitMs) { status contentType body } }",
) as TypedDocumentNode<{ hookOutput: HookAnswer | null }, Variables>;

interface CalledRun {
  runId: string;
  waitSeconds: number;
}

interface HookAnswer {
  status: number;
  contentType: string;
  body: string;
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  requestId: string;
}

export class Hooks {
  readonly #registry = new EndpointRegistry();
  readonly #audit: AuditSink;
  readonly #identities: Identities;
  readonly #rates: Rates;
  readonly #answers: AnswerBytes;
  readonly #turns = new TurnQueue(turns);
  readonly #unknownTurns = new TurnQueue(unknownTurns);
  readonly #known = new LruCache<true>({ entries: mostKnown });
  readonly #bodies = new SentBodies();
  readonly #outputTurns = new TurnQueue(outputTurns);

  constructor(options: { endpoints: Endpoints; audit: AuditSink; identities: Identities; rates: Rates; answers: AnswerBytes }) {
    for (const endpoint of options.endpoints.values()) this.#registry.register(endpoint);
    this.#audit = options.audit;
    this.#identities = options.identities;
    this.#rates = options.rates;
    this.#answers = options.answers;
  }

  /** Answers what comes to a webhook; false when the path is none. @throws AppError of what was refused */
  async answer(path: string, exchange: Exchange): Promise<boolean> {
    const [, token] = /^\/hooks\/([A-Za-z0-9_.-]+)$/.exec(path) ?? [];
    if (token === undefined) return false;
    const { request, response } = exchange;
    if (request.method !== "POST") {
      response.writeHead(405, { allow: "POST" }).end();
      return true;
    }
    await this.#rates.address(request);
    const tenantId = tenantIn(token);
    const context = this.#contextOf(exchange, tenantId ?? "public");
    const called = tenantId === undefined ? null : await this.#called(exchange, context, token);
    if (called === null) sendJson(response, 404, notFound);
    else await this.#tell(exchange, context, called);
    return true;
  }

  async #inTurn<T>(
    context: RouterContext,
    work: (timed: RouterContext) => Promise<T>,
    { sizeBytes = 0, isChange = false }: { sizeBytes?: number; isChange?: boolean } = {},
  ): Promise<T> {
    const { tenantId, signal } = context.info;
    return this.#within(this.#turns, { tenantId, signal, sizeBytes }, () => timed(context, work, { isChange }));
  }

  async #within<T>(queue: TurnQueue, asking: Asking, work: () => Promise<T>): Promise<T> {
    const done = await queue.run(asking, work);
    if (done instanceof NoTurn) throw hookErrors.HOOKS_BUSY({ retryAfterMs: done.retryAfterMs });
    return done;
  }

  /** The webhook of a token, or null. */
  async #find(request: IncomingMessage, context: RouterContext, token: string): Promise<{ id: string } | null> {
    const look = ({ info }: RouterContext) => this.#registry.request({ subgraph: "runtime", document: hookOf, variables: { token }, info });
    const { signal } = context.info;
    const stranger = { tenantId: countedAs(request), signal };
    const found =
      this.#known.get(token) === undefined
        ? await this.#within(this.#unknownTurns, stranger, () => timed(context, look))
        : await this.#inTurn(context, look);
    if (found.hookOf === null) this.#known.delete(token);
    else this.#known.set(token, true);
    return found.hookOf;
  }

  /** The run of a call; null: there is no such webhook, which is known before a body is read, or anything written down. */
  async #called({ request }: Exchange, context: RouterContext, token: string): Promise<CalledRun | null> {
    const found = await this.#find(request, context, token);
    if (found === null) return null;
    const { tenantId } = context.info;
    await this.#rates.hook(tenantId, found.id);
    const busy = (retryAfterMs: number) => hookErrors.HOOKS_BUSY({ retryAfterMs });
    const body = (await this.#bodies.read(request, { tenantId, maxBytes, busy })).toString("base64");
    const { method = "POST", url = "" } = request;
    const query = url.includes("?") ? url.slice(url.indexOf("?") + 1) : "";
    const input = { token, method, query, headers: headersOf(request), body };
    return this.#inTurn(context, (inTime) => this.#audited(inTime, input), { sizeBytes: body.length, isChange: true });
  }

  /** What makes a run stands in the audit before it does. */
  async #audited(context: RouterContext, input: Variables): Promise<CalledRun | null> {
    const operation = { context, hash, startedAtMs: performance.now(), document: callHook, id: newId() };
    await this.#audit.begin(beginningRecord(operation));
    try {
      const { info } = context;
      const { callHook: called } = await this.#registry.request({ subgraph: "runtime", document: callHook, variables: { input }, info });
      const outcome = called === null ? { statusCode: 404, errorCodes: ["NOT_FOUND"] } : { statusCode: 202, errorCodes: [] };
      await this.#audit.complete(auditRecord(operation, outcome));
      return called;
    } catch (error) {
      const { code, reason } = error instanceof AppError ? error : { code: "INTERNAL", reason: "INTERNAL" };
      const outcome = { statusCode: statusOfRefusal(error), errorCodes: [code], reasons: [reason] };
      await this.#audit.complete(auditRecord(operation, outcome));
      throw toldOutside(error);
    }
  }

  /** Says what came of it: the run, or its output where that is waited for and comes in time. */
  async #tell({ response }: Exchange, context: RouterContext, { runId, waitSeconds }: CalledRun): Promise<void> {
    response.setHeader("x-run-id", runId);
    const turn = waitSeconds === 0 ? undefined : await this.#outputTurns.take({ tenantId: context.info.tenantId });
    if (turn === undefined || turn instanceof NoTurn) return sendJson(response, 202, { runId });
    // What is on its way to a sender that reads slowly is held as all answers are; where they are too much, the run is named alone.
    const meter = this.#answers.open({ tenantId: context.info.tenantId, isMutation: false });
    const output = await this.#output(context, { runId, waitSeconds, turn, meter });
    if (response.destroyed) meter.release();
    else response.once("close", () => meter.release());
    if (output === null) sendJson(response, 202, { runId });
    else send(response, output);
  }

  async #output(
    context: RouterContext,
    { runId, waitSeconds, turn, meter }: CalledRun & { turn: Turn; meter: AnswerMeter },
  ): Promise<HookAnswer | null> {
    const { info } = context;
    const untilMs = performance.now() + waitSeconds * 1_000;
    try {
      for (;;) {
        const leftMs = untilMs - performance.now();
        if (leftMs <= 0 || info.signal?.aborted === true) return null;
        const variables = { runId, waitMs: Math.ceil(Math.min(questionMs, leftMs)) };
        let isCounted = false;
        const onBytes = (bytes: number) => {
          isCounted = true;
          meter.take(bytes, () => "hookOutput");
        };
        const asked = { subgraph: "runtime", document: hookOutput, variables, info, onBytes };
        const { hookOutput: output } = await this.#registry.request(asked);
        // In this process nothing comes by bytes.
        if (!isCounted) meter.take(jsonBytesOf(output, meter.left), () => "hookOutput");
        if (output !== null) return output;
      }
    } catch {
      // The run is made: that its end could not be asked for is no failure of the call.
      return null;
    } finally {
      turn.end();
    }
  }

  #contextOf({ request, response, requestId }: Exchange, tenantId: string): RouterContext {
    const context = refusedContext(request, { requestId, identity: this.#identities.nobody });
    return { ...context, info: requestInfo({ tenantId, requestId, subject: "webhook" }, clientGone(response)) };
  }
}

/** Does it within {@link callMs}. */
async function timed<T>(context: RouterContext, work: (inTime: RouterContext) => Promise<T>, { isChange = false } = {}): Promise<T> {
  const deadline = startDeadline(callMs, context.info.signal);
  if (isChange) deadline.changing();
  try {
    return await work({ ...context, info: { ...context.info, signal: deadline.signal } });
  } finally {
    deadline.clear();
  }
}

/** What its sender did is told in full. Of all else no more than what it was: words and facts of it are of the tenant's inside, and stand in the audit. */
function toldOutside(error: unknown): unknown {
  if (!(error instanceof AppError) || error.reason.startsWith("WEBHOOK_") || sendersOwn.has(error.reason)) return error;
  const { reason, facts } = error;
  // There is a webhook: what is gone is what it calls.
  const code = error.code === "NOT_FOUND" ? "CONFLICT" : error.code;
  const wait = facts["retryAfterMs"];
  const isUnknown = facts["effectUnknown"] === true;
  const message = `The webhook's run ${isUnknown ? "may have been made" : "could not be made"}; its owner finds why in the audit.`;
  return new AppError(code, reason, message, {
    ...(typeof wait === "number" && { retryAfterMs: wait }),
    ...(isUnknown && { effectUnknown: true }),
  });
}

/** Faults of the body itself. */
const sendersOwn = new Set(["JSON_TOO_LARGE", "NESTED_TOO_DEEP", "TEXT_NOT_STORABLE", "VALUE_NOT_STORABLE"]);

const notFound = { errors: [{ message: "No webhook is here.", extensions: { code: "NOT_FOUND", reason: "WEBHOOK_NOT_FOUND" } }] };

/** Whose a token says it is; whether it is, its tenant's webhooks show. undefined: it says nothing. */
function tenantIn(token: string): string | undefined {
  if (token.length > longestToken) return undefined;
  const tenantId = Buffer.from(token.split(".", 1)[0] ?? "", "base64url").toString();
  return tenantIdPattern.test(tenantId) ? tenantId : undefined;
}

/** By their names in lower case; what came more than once is joined, as HTTP has it. */
function headersOf({ headersDistinct }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headersDistinct).map(([name, values = []]) => [name, values.join(", ")]));
}

function send(response: ServerResponse, { status, contentType, body }: HookAnswer): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(body);
  response.writeHead(status, { "content-type": contentType, "content-length": bytes.byteLength, "cache-control": "no-store" });
  response.end(bytes);
}
