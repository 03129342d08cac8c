/** The audits of one router's operations. A change is stored when it begins, beside it, and its outcome before its answer leaves. */
import type { ApolloServerPlugin } from "@apollo/server";
import { OperationTypeNode, type DocumentNode, type GraphQLSchema } from "graphql";
import { getOperationAST } from "graphql";
import type { JsonObject } from "#shared/json.ts";
import { hashOf } from "../graph/operations.ts";
import type { RouterContext } from "../request-context.ts";
import {
  auditRecord,
  beginningRecord,
  errorCodesOf,
  reasonsOf,
  type Audited,
  type AuditedOperation,
  type AuditedOutcome,
  type AuditSink,
} from "./audit.ts";
import { Redactor } from "./redact.ts";
import type { RefusalAudit } from "./refusal-audit.ts";

/** An operation to be audited, its variables as they were given. */
export interface UnredactedOperation extends Omit<AuditedOperation, "variables"> {
  variables: Readonly<Record<string, unknown>>;
}

export interface OperationAuditsOptions {
  sink: AuditSink;
  /** Of the operations. */
  schema: GraphQLSchema;
  /** Gives what was asked without a key room for a row. */
  refusals: Pick<RefusalAudit, "takeRoom">;
}

/** What keeps them. */
export class OperationAudits {
  readonly sink: AuditSink;
  readonly #refusals: Pick<RefusalAudit, "takeRoom">;
  readonly #redactor: Redactor;
  /** The ids of rows of changes that have begun, by the identity of their requests, which Apollo Server's copies of a context share. */
  readonly #begun = new WeakMap<RouterContext["info"], string>();

  constructor({ sink, schema, refusals }: OperationAuditsOptions) {
    this.sink = sink;
    this.#refusals = refusals;
    this.#redactor = new Redactor(schema);
  }

  /** Stores what changed nothing, soon. */
  record(operation: UnredactedOperation, outcome: AuditedOutcome): void {
    if (!this.#refusals.takeRoom(operation.context)) return;
    this.sink.record(auditRecord(this.#redacted(operation), outcome));
  }

  /**
   * Runs a change beside the storing of its row, and gives its result when both are done. While rows cannot be stored as they should be the change waits
   * for its row.
   *
   * @throws AppError DATABASE_UNAVAILABLE, where its row can be stored nowhere.
   */
  async around<T>(operation: UnredactedOperation, change: () => Promise<T>): Promise<T> {
    const record = beginningRecord(this.#redacted(operation));
    this.#begun.set(operation.context.info, record.id);
    const stored = this.sink.begin(record);
    stored.catch(() => {});
    if (this.sink.isTroubled) await stored;
    const result = await change();
    await stored;
    return result;
  }

  /** Stores how a change ended. */
  async complete(operation: UnredactedOperation, outcome: AuditedOutcome): Promise<void> {
    const id = this.#begun.get(operation.context.info);
    // What has begun has a row; what was refused before needs one.
    if (id === undefined && !this.#refusals.takeRoom(operation.context)) return;
    await this.sink.complete(auditRecord({ ...this.#redacted(operation), id }, outcome));
  }

  /** Audits what goes through Apollo Server: queries and mutations. */
  plugin(audited: Audited): ApolloServerPlugin<RouterContext> {
    return {
      requestDidStart: () => {
        const startedAtMs = performance.now();
        return Promise.resolve({
          willSendResponse: async ({ contextValue: context, source, queryHash, document, request, response }) => {
            // What was refused never came to its execution, and all tenants would wait for the storing of its row.
            context.looked?.();
            const result = response.body.kind === "single" ? response.body.singleResult : undefined;
            const errors = result?.errors;
            const outcome = { statusCode: response.http.status ?? 200, errorCodes: errorCodesOf(errors), reasons: reasonsOf(errors) };
            const { operationName, variables = {} } = request;
            const operation = { context, hash: queryHash ?? hashOf(source ?? ""), document, operationName, variables, startedAtMs };
            audited.add(context.info);
            if (isMutation(operation)) await this.complete(operation, { ...outcome, result });
            else this.record(operation, outcome);
          },
        });
      },
    };
  }

  #redacted({ variables, ...operation }: UnredactedOperation): AuditedOperation {
    return { ...operation, variables: this.#shown(operation.document, operation.operationName, variables) };
  }

  #shown(
    document: DocumentNode | undefined,
    operationName: string | null | undefined,
    variables: Readonly<Record<string, unknown>>,
  ): JsonObject | null {
    const node = document && getOperationAST(document, operationName);
    return document === undefined || node == null ? null : this.#redactor.show(document, node, variables);
  }
}

function isMutation({ document, operationName }: Pick<AuditedOperation, "document" | "operationName">): boolean {
  return document !== undefined && getOperationAST(document, operationName)?.operation === OperationTypeNode.MUTATION;
}
