/** Operations that Apollo Server does not take: over WebSocket, and subscriptions over HTTP. They are valid, planned and weighed, or refused and audited. */
import { OperationTypeNode, type DocumentNode, type GraphQLError } from "graphql";
import { clientError } from "#shared/client-error.ts";
import { statusOfRefusal } from "#shared/serve/http-body.ts";
import { errorCodesOf, reasonsOf } from "../audit/audit.ts";
import { hashOf } from "../graph/operations.ts";
import { RefusedOperation } from "../graph/refused-operation.ts";
import type { RouterContext } from "../request-context.ts";
import type { AskedOperation } from "./asked-operation.ts";
import { weighValues, type Runtime } from "./gateway.ts";
import type { PreparedSubscription } from "./subscriptions.ts";

/** An operation that may begin, and who asks. */
export interface PreparedOperation extends PreparedSubscription {
  context: RouterContext;
  operationName: string | undefined;
}

/** Prepares an operation; or the errors for its client, which are audited. */
export async function prepareOperation(
  runtime: Runtime,
  asked: AskedOperation,
  { context }: { context: RouterContext },
): Promise<PreparedOperation | readonly GraphQLError[]> {
  const startedAtMs = performance.now();
  // Clients that have no name send an empty one.
  const operationName = asked.operationName || undefined;
  const variables = asked.variables ?? {};
  const refuse = (errors: readonly unknown[], document?: DocumentNode, statusCode = 400) => {
    const { requestId } = context.info;
    const report = (cause: unknown) => runtime.log.error({ err: cause, requestId }, "operation failed inside");
    const told = errors.map((error) => clientError(error, { requestId, report }));
    const operation = { context, hash: hashOf(asked.query), operationName, document, variables, startedAtMs };
    runtime.audits.record(operation, { statusCode, errorCodes: errorCodesOf(told), reasons: reasonsOf(told) });
    return told;
  };
  // Who may not ask for it is audited with what they asked for, as over HTTP.
  let document: DocumentNode | undefined;
  try {
    const parsed = await runtime.operations.parsedInTurns(asked.query);
    document = parsed.document;
    const planned = await runtime.operations.fromDocumentInTurns({ ...parsed, operationName }, context.info);
    const { errors } = weighValues(runtime, planned, { variables, caller: context.info });
    if (errors.length > 0) return refuse(errors, document);
    const isSubscription = planned.node.operation === OperationTypeNode.SUBSCRIPTION;
    const leave = isSubscription ? runtime.places.ofSubscription(context.info.tenantId) : undefined;
    return { planned, source: asked.query, variables, context, operationName, leave };
  } catch (error) {
    return error instanceof RefusedOperation ? refuse(error.errors, document) : refuse([error], document, statusOfRefusal(error));
  }
}

/** What an operation's text says, for the audit of one that is refused before it is prepared; undefined where nobody can read it. */
export async function documentOf({ operations }: Pick<Runtime, "operations">, query: string): Promise<DocumentNode | undefined> {
  try {
    return (await operations.parsedInTurns(query)).document;
  } catch {
    return undefined;
  }
}

/** Whether an operation was refused. */
export function isRefused(prepared: PreparedOperation | readonly GraphQLError[]): prepared is readonly GraphQLError[] {
  return Array.isArray(prepared);
}
