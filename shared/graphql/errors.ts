/** What leaves a subgraph when something went wrong: the AppError as extensions, and of a bug only that it happened. */
import { GraphQLError, type ExecutionResult } from "graphql";
import { databaseError } from "../db/errors.ts";
import { AppError, type ErrorCode } from "../errors.ts";
import type { Log } from "../log.ts";

/** For whom errors are rewritten. */
export interface Masking {
  log: Log;
  requestId: string;
  /** What the operation has sent to a database that was lost may be stored. */
  isMutation?: boolean;
}

/** Rewrites a result's errors for the caller; bugs are logged with their story. */
export function maskErrors<R extends ExecutionResult>(result: R, masking: Masking): R {
  if (!result.errors?.length) return result;
  return { ...result, errors: result.errors.map((error) => maskError(error, masking)) };
}

/** Rewrites one error; see {@link maskErrors}. */
export function maskError(error: GraphQLError, { log, requestId, isMutation = false }: Masking): GraphQLError {
  const cause = rootCause(error);
  const app = cause instanceof AppError ? cause : databaseError(cause, { isMutation });
  if (app !== undefined) {
    if (app.code === "INTERNAL" || app.cause !== undefined) log.warn({ err: app, requestId }, "operation refused");
    return rebuild(error, app.message, { ...app.facts, code: app.code, reason: app.reason, requestId });
  }
  // It is graphql-js that speaks of the document or of its values: safe to show.
  const ofRequest = error.path === undefined || (cause instanceof GraphQLError && error.message.startsWith('Argument "'));
  if ((error.originalError === undefined && error.extensions["code"] === undefined) || ofRequest) {
    return rebuild(error, error.message, { code: "BAD_USER_INPUT" satisfies ErrorCode, reason: "GRAPHQL_INVALID", requestId });
  }
  if (typeof error.extensions["code"] === "string" && error.originalError === undefined) return error;
  log.error({ err: cause, requestId, path: error.path }, "operation failed");
  return rebuild(error, `Internal error. Give the request id ${requestId} to the operator; the log has the details.`, {
    code: "INTERNAL" satisfies ErrorCode,
    reason: "INTERNAL",
    requestId,
  });
}

function rebuild(error: GraphQLError, message: string, extensions: Record<string, unknown>): GraphQLError {
  return new GraphQLError(message, { nodes: error.nodes, source: error.source, positions: error.positions, path: error.path, extensions });
}

function rootCause(error: unknown): unknown {
  let cause = error;
  while (cause instanceof GraphQLError && cause.originalError !== undefined) cause = cause.originalError;
  return cause;
}
