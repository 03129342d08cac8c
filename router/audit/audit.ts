/** The audit of requests: a row per operation, over HTTP and WebSocket; of a subscription one, when it ends, or has changed something. */
import type { ApolloServerPlugin } from "@apollo/server";
import {
  getOperationAST,
  OperationTypeNode,
  type DocumentNode,
  type GraphQLError,
  type GraphQLFormattedError,
  type OperationDefinitionNode,
} from "graphql";
import { hashOf, rootFieldsOf } from "../graph/operations.ts";
import type { RouterContext } from "../request-context.ts";

/** What is kept of an operation: neither variables nor its text, which may hold secrets. */
export interface AuditRecord {
  tenantId: string;
  requestId: string;
  apiKeyId: string | null;
  operationName: string | null;
  /** query, mutation, subscription, or unknown where the document could not be read. */
  operationType: string;
  operationHash: string;
  rootFields: string[];
  statusCode: number;
  errorCodes: string[];
  durationMs: number;
  clientIp: string | null;
  userAgent: string | null;
  createdAt: Date;
}

/** Takes records; never blocks and never throws. */
export interface AuditSink {
  record(record: AuditRecord): void;
}

/** What is known of an operation when it begins. */
export interface AuditedOperation {
  context: RouterContext;
  source: string;
  startedAt: Date;
  document?: DocumentNode | undefined;
  /** As the client gave it. */
  operationName?: string | null | undefined;
}

/** The record of an operation that has ended just now. */
export function auditRecord(operation: AuditedOperation, outcome: { statusCode: number; errorCodes: Iterable<string> }): AuditRecord {
  const { context, document, startedAt } = operation;
  const node = document && getOperationAST(document, operation.operationName);
  return {
    tenantId: context.info.tenantId,
    requestId: context.info.requestId,
    apiKeyId: context.info.apiKeyId ?? null,
    operationName: node?.name?.value.slice(0, 200) ?? null,
    operationType: node?.operation ?? "unknown",
    operationHash: hashOf(operation.source),
    rootFields: document === undefined || node == null ? [] : rootFieldsOf(document, node).slice(0, 50),
    statusCode: outcome.statusCode,
    errorCodes: [...new Set(outcome.errorCodes)],
    durationMs: Math.max(0, Date.now() - startedAt.getTime()),
    clientIp: context.clientIp,
    userAgent: context.userAgent,
    createdAt: startedAt,
  };
}

/** Subscriptions that change something. They are audited with their first event, as a mutation with its answer: their streams may go on for days. */
const changing = new Set(["startRun"]);

/** Whether an operation is a subscription that changes something. */
export function isChangingSubscription(document: DocumentNode, node: OperationDefinitionNode): boolean {
  return node.operation === OperationTypeNode.SUBSCRIPTION && rootFieldsOf(document, node).some((name) => changing.has(name));
}

/** The requests that have their row; by identity, which Apollo Server's copies of a context share. */
export type Audited = WeakSet<RouterContext["info"]>;

/** Audits what goes through Apollo Server: queries and mutations. */
export function auditPlugin(sink: AuditSink, audited: Audited): ApolloServerPlugin<RouterContext> {
  return {
    requestDidStart() {
      const startedAt = new Date();
      const began = performance.now();
      return Promise.resolve({
        willSendResponse({ contextValue: context, source, document, request: { operationName }, response }) {
          const errors = response.body.kind === "single" ? response.body.singleResult.errors : undefined;
          const outcome = { statusCode: response.http.status ?? 200, errorCodes: errorCodesOf(errors) };
          const record = auditRecord({ context, source: source ?? "", document, operationName, startedAt }, outcome);
          audited.add(context.info);
          sink.record({ ...record, durationMs: performance.now() - began });
          return Promise.resolve();
        },
      });
    },
  };
}

/** The codes of a result's errors. */
export function errorCodesOf(errors: readonly (GraphQLFormattedError | GraphQLError)[] | undefined): string[] {
  return (errors ?? []).map(({ extensions }) => (typeof extensions?.["code"] === "string" ? extensions["code"] : "INTERNAL"));
}
