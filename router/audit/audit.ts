/** The audit of requests: a row per operation, over HTTP and WebSocket; of a subscription one, when it ends, or has changed something. */
import {
  getOperationAST,
  OperationTypeNode,
  type DocumentNode,
  type GraphQLError,
  type GraphQLFormattedError,
  type OperationDefinitionNode,
} from "graphql";
import { databaseNowMs } from "#shared/database-time.ts";
import { newId } from "#shared/ids.ts";
import type { JsonObject } from "#shared/json.ts";
import type { SecurityEvent } from "#shared/security-events.ts";
import { withoutKeys } from "../access/keys/key-format.ts";
import { rootAnswersOf, rootFieldsOf } from "../graph/operations.ts";
import type { RouterContext } from "../request-context.ts";
import { changesIn, securityEventOf, type ToldResult } from "./security-events.ts";

/** What is kept of an operation: not its text, which may hold secrets, and its variables only as far as none of them can be one. */
export interface AuditRecord {
  /** Of a change: made when it begins, so that its outcome finds its row. */
  id: string;
  tenantId: string;
  requestId: string;
  apiKeyId: string | null;
  operationName: string | null;
  /** query, mutation, subscription, or unknown where the document could not be read. */
  operationType: string;
  operationHash: string;
  rootFields: string[];
  /** Redacted ({@link Redactor}); null where the document could not be read. */
  variables: JsonObject | null;
  /** {@link unfinished}: a change whose outcome is not known. */
  statusCode: number;
  errorCodes: string[];
  durationMs: number;
  clientIp: string | null;
  userAgent: string | null;
  /** What it means for security; null: nothing. */
  event: SecurityEvent | null;
  /** Facts of the event. */
  details: JsonObject | null;
  createdAt: Date;
}

/** The status of a change whose outcome is not known: it is under way, or its process died before its answer. */
export const unfinished = 0;

/** Stores records. */
export interface AuditSink {
  /** Takes a record of what changed nothing; never blocks and never throws. */
  record(record: AuditRecord): void;
  /**
   * Stores that a change begins; resolves when neither a killed process nor a lost machine can lose that.
   *
   * @throws AppError DATABASE_UNAVAILABLE, when it can be stored nowhere.
   */
  begin(record: AuditRecord): Promise<void>;
  /** Stores how a change ended; resolves when no killed process can lose that, or when it can be stored nowhere. Never rejects. */
  complete(record: AuditRecord): Promise<void>;
  /** Whether the last that was to be stored could not be, or not in the database: what changes something waits for its record then, before it begins. */
  readonly isTroubled: boolean;
}

/** What is known of an operation when it begins. */
export interface AuditedOperation {
  context: RouterContext;
  /** Of its text ({@link hashOf}). */
  hash: string;
  /** By performance.now(). */
  startedAtMs: number;
  document?: DocumentNode | undefined;
  /** As the client gave it. */
  operationName?: string | null | undefined;
  /** Redacted. */
  variables?: JsonObject | null | undefined;
  /** Of its row; a new one unless given. */
  id?: string | undefined;
}

/** How an operation ended: the status, and its errors as the client was told. */
export interface AuditedOutcome {
  statusCode: number;
  errorCodes: Iterable<string>;
  /** `extensions.reason` of the errors. */
  reasons?: Iterable<string>;
  /** Of a mutation that was run: which of its fields were done. */
  result?: ToldResult | undefined;
}

/** The record of an operation that has ended just now. */
export function auditRecord(operation: AuditedOperation, outcome: AuditedOutcome): AuditRecord {
  const { context, document, startedAtMs, hash, variables = null, id = newId() } = operation;
  const node = document && getOperationAST(document, operation.operationName);
  const rootFields = document === undefined || node == null ? [] : rootFieldsOf(document, node).slice(0, 50).map(withoutKeys);
  const { result } = outcome;
  const durationMs = Math.round(performance.now() - startedAtMs);
  const changed = result === undefined || node == null ? [] : changesIn(rootAnswersOf(document!, node), result);
  return {
    id,
    tenantId: context.info.tenantId,
    requestId: context.info.requestId,
    apiKeyId: context.info.apiKeyId ?? null,
    operationName: node?.name === undefined ? null : withoutKeys(node.name.value).slice(0, 200),
    operationType: node?.operation ?? "unknown",
    operationHash: hash,
    rootFields,
    variables,
    statusCode: outcome.statusCode,
    errorCodes: [...new Set(outcome.errorCodes)],
    durationMs,
    clientIp: context.clientIp,
    userAgent: context.userAgent === null ? null : withoutKeys(context.userAgent),
    ...securityEventOf({ ...outcome, changed }),
    createdAt: new Date(databaseNowMs() - durationMs),
  };
}

/** The record of a change that begins just now. */
export function beginningRecord(operation: AuditedOperation): AuditRecord {
  return { ...auditRecord(operation, { statusCode: unfinished, errorCodes: [] }), event: null, details: null, durationMs: 0 };
}

/** Subscriptions that change something. They are audited with their first event, as a mutation with its answer: their streams may go on for days. */
const changing = new Set(["startRun"]);

/** Whether an operation is a subscription that changes something. */
export function isChangingSubscription(document: DocumentNode, node: OperationDefinitionNode): boolean {
  return node.operation === OperationTypeNode.SUBSCRIPTION && rootFieldsOf(document, node).some((name) => changing.has(name));
}

/** The requests that have their row; by identity, which Apollo Server's copies of a context share. */
export type Audited = WeakSet<RouterContext["info"]>;

type ToldErrors = readonly (GraphQLFormattedError | GraphQLError)[] | undefined;

/** The codes of a result's errors. */
export function errorCodesOf(errors: ToldErrors): string[] {
  return (errors ?? []).map(({ extensions }) => (typeof extensions?.["code"] === "string" ? extensions["code"] : "INTERNAL"));
}

/** The reasons of a result's errors, beneath their codes. */
export function reasonsOf(errors: ToldErrors): string[] {
  return (errors ?? []).flatMap(({ extensions }) => (typeof extensions?.["reason"] === "string" ? [extensions["reason"]] : []));
}
