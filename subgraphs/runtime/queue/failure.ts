import { databaseError } from "#shared/db/errors.ts";
/**
 * What the failure of a statement says. refused: never as it is. locked: nothing was done, try again later. unsettled: the database answered, and
 * another try may do. unreachable: nobody knows what was done, or nobody could be asked.
 */
export type FailureKind = "refused" | "locked" | "unsettled" | "unreachable";

/** Reads the SQLSTATE of what a statement threw; what has none never came back from the database. */
export function failureKind(cause: unknown): FailureKind {
  const code = sqlState(cause);
  if (code === undefined) return "unreachable";
  if (code === "55P03" || code === "40P01") return "locked";
  // 21 a row twice, 22 data, 23 constraints, 54 limits, AP002 a row that does not change any more: about what was sent.
  if (/^(21|22|23|54|AP002)/.test(code)) return "refused";
  // 25006: the server is a standby, so it is not the one to ask.
  // 57014: a time-out or a cancel of the statement alone. 55 and 57 else: sessions are ended or not taken; 08 and 53: no connection.
  return code === "57014" || !/^(08|53|55|57|25006)/.test(code) ? "unsettled" : "unreachable";
}

/** Whether the answer would be larger than PostgreSQL makes any, whenever it is asked. */
export function isTooLarge(cause: unknown): boolean {
  return sqlState(cause) === "54000";
}

/** Whether a load failed by what is stored, which is the same at the next try: PostgreSQL cannot read it as its statement does, or we cannot as our code does. */
export function isDamage(cause: unknown): boolean {
  if (cause instanceof RangeError) return !shortages.test(cause.message);
  if (cause instanceof TypeError || cause instanceof SyntaxError) return true;
  return failureKind(cause) === "refused" && !isTooLarge(cause);
}

/** RangeErrors of a process that is short of memory, or of stack. */
const shortages = /allocation failed|call stack|invalid string length/i;

/** Whether it is of our own code, and no word of the system's, a socket's or the database's: those have a code, or are known by their text. */
export function isOwnError(cause: unknown): boolean {
  return cause instanceof Error && !("code" in cause) && !shortages.test(cause.message) && databaseError(cause) === undefined;
}

/** Whether the statement was not done in the time that it has, by the server's clock or the client's. */
export function isTimeOut(cause: unknown): boolean {
  return sqlState(cause) === "57014" || (cause instanceof Error && cause.message === "Query read timeout");
}

function sqlState(cause: unknown): string | undefined {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  // With a digit: EPIPE is no SQLSTATE.
  return typeof code === "string" && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined;
}
