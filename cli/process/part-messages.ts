/**
 * The words between the supervising process and the parts that it started, over the IPC channel of each. All are small: the supervisor reads them, and must
 * never have much to read.
 */
import { databaseError } from "#shared/db/errors.ts";
import type { PartHealth } from "#shared/part-health.ts";
import { AppError, errorCodes, type ErrorCode, type ErrorFacts } from "#shared/errors.ts";

/** An error on its way to another process. `code` is missing for a bug. */
export interface ToldError {
  message: string;
  code?: string;
  reason?: string;
  facts?: ErrorFacts;
}

/** What a part says. */
export type PartMessage =
  /** What it is doing now, to a person who waits. */
  | { kind: "progress"; step: string }
  /** It serves. */
  | { kind: "ready"; graphUrl?: string; notes?: string[] }
  /** It cannot start, and ends. */
  | { kind: "failed"; error: ToldError }
  /** A worker: something is due that only the process for suspects takes. */
  | { kind: "suspect" }
  /** A worker, or the API, before it claims anything: the mark of all that it will claim. */
  | { kind: "mark"; claimMark: string }
  /** What it has counted, as it was asked. */
  | { kind: "metrics"; id: number; text: string };

/** What the supervisor says. */
export type SupervisorMessage =
  /** The database is there: start. */
  | { kind: "database"; databaseUrl: string; databaseDirectUrl: string | undefined; databaseUrls: Record<string, string> }
  /** How all parts fare; told whenever that changes. */
  | { kind: "parts"; parts: PartHealth[] }
  /** Why the platform is not ready now; without it, nothing is amiss. */
  | { kind: "trouble"; trouble?: string }
  /** Somebody asks what it has counted; `part` is what it calls itself in the answer. */
  | { kind: "metricsWanted"; id: number; part: string };

/** A supervisor that reads nothing must not fill its parts' memory. */
const mostUnread = 64;
let unread = 0;

/** Says something to the supervisor; nothing happens where there is none, or where it has stopped reading. Resolves when it is on its way. */
export function tellSupervisor(message: PartMessage): Promise<void> {
  if (process.send === undefined || !process.connected || unread >= mostUnread) return Promise.resolve();
  unread++;
  return new Promise((resolve) => {
    process.send?.(message, undefined, {}, () => {
      unread--;
      resolve();
    });
  });
}

/** Hears what the supervisor says. */
export function hearSupervisor(listener: (message: SupervisorMessage) => void): void {
  process.on("message", (message: SupervisorMessage) => listener(message));
}

function isOfSystem(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { syscall, cause } = error as { syscall?: unknown; cause?: unknown };
  return syscall !== undefined || isOfSystem(cause);
}

/** An error as a message. */
export function toldError(error: unknown): ToldError {
  // PostgreSQL may be lost while a part starts. Files and other hosts fail by the same codes of the system.
  const made = error instanceof AppError ? error : isOfSystem(error) ? undefined : databaseError(error);
  if (made !== undefined) return { message: made.message, code: made.code, reason: made.reason, facts: made.facts };
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

/** The error that was told. */
export function errorOf({ message, code, reason, facts }: ToldError): Error {
  if (reason !== undefined && (errorCodes as readonly (string | undefined)[]).includes(code))
    return new AppError(code as ErrorCode, reason, message, facts);
  return Object.assign(new Error(message.split("\n", 1)[0]), { stack: message });
}
