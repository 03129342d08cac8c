/**
 * `/answer/<token>`, a page for a person, and `/callback/<token>`, an address for a machine: what a run waits for is answered there without an API key. The token says whose
 * it is, and the runtime subgraph, which made it, whether it holds; the router knows no more of it than that, how much may come, how often and from where.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { parse } from "graphql";
import { EndpointRegistry } from "#shared/endpoint/caller.ts";
import { AppError, defineErrors } from "#shared/errors.ts";
import { excerpt } from "#shared/fields.ts";
import { newId } from "#shared/ids.ts";
import { bodyText, textOrBinary } from "#shared/fetch/body-text.ts";
import { requestInfo } from "#shared/endpoint/request-transport.ts";
import { tenantIdPattern } from "#shared/request-info.ts";
import { clientGone } from "#shared/serve/graphql-http.ts";
import { isAllowedOrigin } from "#shared/serve/host-guard.ts";
import { statusOfRefusal } from "#shared/serve/http-body.ts";
import { NoTurn, TurnQueue, type Asking } from "#shared/turn-queue.ts";
import { auditRecord, beginningRecord, type AuditSink } from "../audit/audit.ts";
import { hashOf } from "../graph/operations.ts";
import { withDeadline, type Endpoints } from "../graph/subgraph-fetch.ts";
import { refusedContext, type RouterContext } from "../request-context.ts";
import type { Identities } from "./identity.ts";
import type { Rates } from "./rates/rates.ts";
import { formPolicy } from "./security-headers.ts";
import { SentBodies } from "./sent-bodies.ts";

/** Bodies of forms, and of calls. */
const maxBytes = { answer: 256 * 1024, callback: 1024 * 1024 };
/** Pages and calls that are answered at once, and that wait for that; of one tenant half of them. */
const turns = {
  ...{ turns: 16, turnsPerTenant: 8, waiting: 200, waitingPerTenant: 100, waitMs: 10_000 },
  ...{ waitingBytes: 64 << 20, waitingBytesPerTenant: 32 << 20 },
};
const defaultAskMs = 20_000;
/** Longer than any that is made. */
const longestToken = 4_000;

const linkErrors = defineErrors({
  LINKS_BUSY: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { retryAfterMs: number }) => `Too many links are followed at once. Nothing was done. Try again in ${f.retryAfterMs} ms.`,
  },
  CALLBACK_NOT_TEXT: {
    code: "BAD_USER_INPUT",
    message: (f: { contentType: string | undefined }) =>
      `The body is no text${f.contentType === undefined ? "" : `, and is called ${excerpt(f.contentType)}`}. Send JSON or text, or name its charset in the content-type.`,
  },
  FORM_OF_ANOTHER_SITE: {
    code: "FORBIDDEN",
    message: (f: { origin: string | undefined }) =>
      `A page of ${f.origin ?? "another site"} sent this form. Open the link itself, and answer there.`,
  },
});

const text = `mutation RouterVisitLink($input: LinkVisitInput!) { visitLink(input: $input) { status contentType body } }`;
const document = parse(text) as TypedDocumentNode<{ visitLink: LinkAnswer | null }, { input: LinkVisit }>;
const hash = hashOf(text);

interface LinkVisit extends Record<string, unknown> {
  kind: "answer" | "callback";
  token: string;
  body: string | null;
  contentType: string | null;
}

interface LinkAnswer {
  status: number;
  contentType: string;
  body: string;
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  requestId: string;
}

export class WaitLinks {
  readonly #registry = new EndpointRegistry();
  readonly #audit: AuditSink;
  readonly #identities: Identities;
  readonly #rates: Rates;
  readonly #askMs: number;
  readonly #turns = new TurnQueue(turns);
  readonly #bodies = new SentBodies();

  /** @param options  with `askMs`, how long the subgraph may take for an answer: whoever waits for it has one of the turns. */
  constructor(options: { endpoints: Endpoints; audit: AuditSink; identities: Identities; rates: Rates; askMs?: number }) {
    for (const endpoint of options.endpoints.values()) this.#registry.register(endpoint);
    this.#audit = options.audit;
    this.#identities = options.identities;
    this.#rates = options.rates;
    this.#askMs = options.askMs ?? defaultAskMs;
  }

  /** Answers what comes to a link; false when the path is none. @throws AppError of what was refused before it was looked at */
  async answer(path: string, exchange: Exchange): Promise<boolean> {
    const [, kind, token = ""] = /^\/(answer|callback)\/([A-Za-z0-9_.-]+)$/.exec(path) ?? [];
    if (kind === undefined) return false;
    const { request, response } = exchange;
    response.setHeader("cache-control", "no-store");
    // Browsers say of a form where it comes from only where they may; the address has the token in it, and no other site sees it.
    response.setHeader("referrer-policy", "same-origin");
    response.setHeader("content-security-policy", formPolicy);
    const isPost = request.method === "POST";
    const mayLook = kind === "answer" && (request.method === "GET" || request.method === "HEAD");
    if (!isPost && !mayLook) {
      response.writeHead(405, { allow: kind === "answer" ? "GET, HEAD, POST" : "POST" }).end();
      return true;
    }
    await this.#rates.address(request);
    await this.#rates.mayTryKey(request);
    const visited = await this.#visit(exchange, { kind: kind as LinkVisit["kind"], token, isPost });
    send(exchange, visited);
    return true;
  }

  async #visit(
    exchange: Exchange,
    { kind, token, isPost }: { kind: LinkVisit["kind"]; token: string; isPost: boolean },
  ): Promise<LinkAnswer> {
    const { request } = exchange;
    const tenantId = tenantIn(token);
    if (isPost && kind === "answer") refuseForeign(request);
    const context = this.#contextOf(exchange, tenantId ?? "public");
    const { signal } = context.info;
    const contentType = request.headers["content-type"] ?? null;
    const looked = { kind, token: tenantId === undefined ? "" : token, body: null, contentType: null };
    // Whether the platform made it is known before a body is read, or anything of it written down.
    const seen = await this.#inTurn({ tenantId: tenantId ?? "", signal }, () => this.#ask(context, looked));
    if (seen.status === 404) await this.#rates.keyFailed(request);
    if (!isPost || tenantId === undefined || seen.status === 404 || seen.status === 410) return seen;
    const body = await this.#text(request, { kind, tenantId });
    const sizeBytes = Buffer.byteLength(body);
    return this.#inTurn({ tenantId, signal, sizeBytes }, () => this.#audited(context, { kind, token, body, contentType }));
  }

  async #inTurn(asking: Asking, work: () => Promise<LinkAnswer>): Promise<LinkAnswer> {
    const done = await this.#turns.run(asking, work);
    if (done instanceof NoTurn) throw linkErrors.LINKS_BUSY({ retryAfterMs: done.retryAfterMs });
    return done;
  }

  /** What came, as text. @throws AppError CALLBACK_NOT_TEXT, and those of SentBodies */
  async #text(request: IncomingMessage, { kind, tenantId }: { kind: LinkVisit["kind"]; tenantId: string }): Promise<string> {
    const busy = (retryAfterMs: number) => linkErrors.LINKS_BUSY({ retryAfterMs });
    const bytes = await this.#bodies.read(request, { tenantId, maxBytes: maxBytes[kind], busy });
    const contentType = request.headers["content-type"];
    if (kind === "answer") return bodyText(bytes, contentType);
    const called = await textOrBinary(bytes, contentType);
    if (called === undefined) throw linkErrors.CALLBACK_NOT_TEXT({ contentType });
    return called;
  }

  /** What may change something stands in the audit before it does. */
  async #audited(context: RouterContext, visit: LinkVisit): Promise<LinkAnswer> {
    const operation = { context, hash, startedAtMs: performance.now(), document, id: newId() };
    await this.#audit.begin(beginningRecord(operation));
    try {
      const answered = await this.#ask(context, visit);
      await this.#audit.complete(auditRecord(operation, { statusCode: answered.status, errorCodes: codesOf(answered) }));
      return answered;
    } catch (error) {
      const code = error instanceof AppError ? error.code : "INTERNAL";
      await this.#audit.complete(auditRecord(operation, { statusCode: statusOfRefusal(error), errorCodes: [code] }));
      throw error;
    }
  }

  async #ask({ info }: RouterContext, input: LinkVisit): Promise<LinkAnswer> {
    // Whoever only looks at it changes nothing.
    const deadline = { serviceName: "runtime", afterMs: this.#askMs, isChange: () => input.body !== null, parent: info.signal };
    const { visitLink } = await withDeadline(deadline, (signal) =>
      this.#registry.request({ subgraph: "runtime", document, variables: { input }, info: { ...info, signal } }),
    );
    if (visitLink === null) throw new Error("a link was not answered");
    return visitLink;
  }

  #contextOf({ request, response, requestId }: Exchange, tenantId: string): RouterContext {
    const context = refusedContext(request, { requestId, identity: this.#identities.nobody });
    const claimed = { tenantId, requestId, subject: "link", scopes: ["run:write", "tool:read"] };
    return { ...context, info: requestInfo(claimed, clientGone(response)) };
  }
}

/** A conflict is told as a page; the audit has it as a code. */
function codesOf({ status }: LinkAnswer): string[] {
  if (status < 400) return [];
  if (status === 404 || status === 410) return ["NOT_FOUND"];
  if (status === 403) return ["FORBIDDEN"];
  return [status === 409 ? "CONFLICT" : "BAD_USER_INPUT"];
}

/** Whose a token says it is; nobody has looked at its mark yet. undefined: it says nothing. */
function tenantIn(token: string): string | undefined {
  if (token.length > longestToken) return undefined;
  try {
    const words: unknown = JSON.parse(Buffer.from(token.split(".", 1)[0] ?? "", "base64url").toString());
    const tenantId: unknown = Array.isArray(words) ? words[2] : undefined;
    return typeof tenantId === "string" && tenantIdPattern.test(tenantId) ? tenantId : undefined;
  } catch {
    return undefined;
  }
}

/** @throws AppError FORM_OF_ANOTHER_SITE for a form that a browser was shown elsewhere */
function refuseForeign({ headers }: IncomingMessage): void {
  const site = headers["sec-fetch-site"];
  const isForeign = site !== undefined && site !== "same-origin" && site !== "none";
  if (isForeign || !isAllowedOrigin(headers.origin, headers.host)) throw linkErrors.FORM_OF_ANOTHER_SITE({ origin: headers.origin });
}

function send({ request, response }: Exchange, { status, contentType, body }: LinkAnswer): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(body);
  response.writeHead(status, { "content-type": contentType, "content-length": bytes.byteLength });
  response.end(request.method === "HEAD" ? undefined : bytes);
}
