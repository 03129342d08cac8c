import { AppError } from "../errors.ts";

/** The few refusals of PostgreSQL that are not bugs. `isMutation`: whoever asked is told where what was sent may have been done. */
export function databaseError(cause: unknown, { isMutation = false } = {}): AppError | undefined {
  const told = toldIn(cause);
  if (told !== undefined) return told;
  const code = sqlState(cause);
  if (code === undefined && says(cause, (message) => message === poolBusy)) return databaseBusy(undefined, cause);
  const unavailable = () => (isMutation && mayBeDone(cause) ? databaseLost(cause) : databaseUnavailable(cause));
  if (code === undefined) return says(cause, (message) => lostConnections.has(message)) ? unavailable() : undefined;
  if (code === "22021" || code === "22P05" || isEndedEarly(cause) || isJsonRefusal(cause)) {
    return new AppError(
      "BAD_USER_INPUT",
      "TEXT_NOT_STORABLE",
      "A text holds the character U+0000 or half a character (a lone surrogate), which cannot be stored. Remove it.",
      {},
      { cause },
    );
  }
  if (code === "22008" || code === "22003") {
    return new AppError("BAD_USER_INPUT", "VALUE_NOT_STORABLE", "A date or a number is beyond what can be stored.", {}, { cause });
  }
  // 53: no disk, memory or connection; 58: the system refused. Both pass, and nothing was done.
  // 25006: it is a standby, which a fail-over has left behind.
  // 25P03: the session idled in its transaction for longer than it may, as it does in a process that has no time.
  if (/^(08|53|57|58)/.test(code) || code === "25P03" || code === "25006" || connectionCodes.has(code)) return unavailable();
  if (code === "55P03" || code === "40P01") {
    // Nothing was done. Where a node asked for it, whoever holds the row is no more the node's fault than a database that is away.
    const facts = { retryable: true, platformFault: true };
    return new AppError("CONFLICT", "ROW_BUSY", "Somebody else is changing the same record. Try again.", facts, { cause });
  }
  return undefined;
}

/** Says that the database does not answer, and that another try may do. */
export function databaseUnavailable(cause: unknown): AppError {
  const message = "The database does not answer. Try again in a moment.";
  return new AppError("DOWNSTREAM_UNAVAILABLE", "DATABASE_UNAVAILABLE", message, { retryable: true, platformFault: true }, { cause });
}

/** Says that the database was lost while it had something of a change, which may be stored. */
function databaseLost(cause: unknown): AppError {
  const message = "The database has not answered. What was sent may have been stored: look, before you send it again.";
  const facts = { retryable: true, effectUnknown: true, platformFault: true };
  return new AppError("DOWNSTREAM_UNAVAILABLE", "DATABASE_UNAVAILABLE", message, facts, { cause });
}

/**
 * Whether a statement was under way when its connection ended, or gave no answer in its time. What PostgreSQL refused it has taken back, a cancel by its own time-out too;
 * what could not be connected was never sent.
 */
function mayBeDone(cause: unknown): boolean {
  const code = sqlState(cause);
  if (code === undefined) return says(cause, (message) => lostAnswers.has(message));
  if (inSystemCalls.has(code)) return !isOfConnecting(cause);
  return /^08(000|003|006|007)$/.test(code) || code === "57P01" || code === "57P02";
}

function isOfConnecting(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { syscall, cause, previous } = error as { syscall?: unknown; cause?: unknown; previous?: unknown };
  return syscall === "connect" || isOfConnecting(cause ?? previous);
}

/** Says that the database is well and has more to do than it comes to: nothing was begun. */
export function databaseBusy(retryAfterMs = 1_000, cause?: unknown): AppError {
  const message = `There is more to do than the database comes to. Nothing was done. Try again in ${retryAfterMs} ms, fewer side by side.`;
  return new AppError("RESOURCE_EXHAUSTED", "DATABASE_BUSY", message, { retryable: true, retryAfterMs, platformFault: true }, { cause });
}

/** What a pool says all of whose connections were in use for as long as anybody waits for one. */
const poolBusy = "timeout exceeded when trying to connect";

/** What the driver says without a code: a connection could not be had, was lost, or has not answered for as long as a statement may take. */
const lostConnections = new Set([
  "Query read timeout",
  "timeout expired",
  "Connection terminated",
  "Connection terminated unexpectedly",
  "Connection terminated due to connection timeout",
  "Client has encountered a connection error and is not queryable",
]);

/** Those of them that a statement under way ends with. */
const lostAnswers = new Set(["Query read timeout", "Connection terminated", "Connection terminated unexpectedly"]);

/** An error that was made for clients on the way to the database, however the ORM has wrapped it. */
function toldIn(error: unknown): AppError | undefined {
  if (error instanceof AppError || typeof error !== "object" || error === null) return error instanceof AppError ? error : undefined;
  const { cause, previous } = error as { cause?: unknown; previous?: unknown };
  return toldIn(cause ?? previous);
}

function says(error: unknown, what: (message: string) => boolean): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { message, cause, previous } = error as { message?: unknown; cause?: unknown; previous?: unknown };
  return (typeof message === "string" && what(message)) || says(cause ?? previous, what);
}

/**
 * An 08P01 of PostgreSQL's: the driver sends U+0000 inside a parameter, which ends the message early. A pooler says 08P01 of all that keeps it from PostgreSQL, and
 * names no C function.
 */
function isEndedEarly(error: unknown): boolean {
  const { code, routine, cause, previous } = (error ?? {}) as { code?: unknown; routine?: unknown; cause?: unknown; previous?: unknown };
  if (code === "08P01") return typeof routine === "string";
  const within = cause ?? previous;
  return typeof within === "object" && within !== null && isEndedEarly(within);
}

const connectionCodes = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "EPIPE", "ENOENT", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"],
  // Its name is not told now.
  ...["ENOTFOUND", "EAI_AGAIN"],
]);
/** Those of them that an open connection may end with. */
const inSystemCalls = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT"]);

/**
 * A 22P02 that comes from PostgreSQL's JSON parser, which does not take the escape that JSON.stringify writes for half a character. It is
 * recognized by the name of the C function, because the message depends on the server's language.
 */
function isJsonRefusal(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { code, routine, cause, previous } = error as { code?: unknown; routine?: unknown; cause?: unknown; previous?: unknown };
  if (code === "22P02" && typeof routine === "string") return routine.startsWith("json_");
  return isJsonRefusal(cause ?? previous);
}

/** The SQLSTATE (or socket code) of a database error, however deep the ORM has wrapped it. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code, cause, previous } = error as { code?: unknown; cause?: unknown; previous?: unknown };
  if (typeof code === "string" && (/^[0-9A-Z]{5}$/.test(code) || connectionCodes.has(code))) return code;
  return sqlState(cause ?? previous);
}

/** Runs `work`; a violation of the named unique index becomes the error that `translate` makes. */
export async function onDuplicate<T>(index: string, translate: (cause: unknown) => AppError, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (sqlState(cause) === "23505" && (cause as Error).message.includes(index)) throw translate(cause);
    throw cause;
  }
}
