/** Says of an agent, a team or a skill that cannot be used who names it: a document may have hundreds of nodes, a team fifty members. */
import { AppError, type ErrorCode, type ErrorFacts } from "#shared/errors.ts";
import type { PlanNode } from "../engine/plan.ts";

/** What is wrong with what was named; of others, such as a subgraph that does not answer, it says nothing who asked. */
const codesOfNames: ReadonlySet<ErrorCode> = new Set(["NOT_FOUND", "CONFLICT", "BAD_USER_INPUT"]);

/** Looks up what a node names. @throws AppError of the look-up, with the node's id */
export async function askedByNode<T>({ id: nodeId }: PlanNode, lookUp: () => Promise<T>): Promise<T> {
  try {
    return await lookUp();
  } catch (cause) {
    throw withWhere(cause, `The node ${nodeId} names it.`, { nodeId });
  }
}

/** The same refusal, with one more sentence and its facts. Whatever is no refusal of what was named stays as it is. */
export function withWhere(cause: unknown, sentence: string, where: ErrorFacts): unknown {
  if (!(cause instanceof AppError) || !codesOfNames.has(cause.code)) return cause;
  const error = new AppError(cause.code, cause.reason, `${cause.message} ${sentence}`, { ...cause.facts, ...where });
  // No cause of its own: a refusal that has one stands in the log as a fault of the platform, and this is the asker's.
  if (cause.stack !== undefined) error.stack = cause.stack;
  return error;
}
