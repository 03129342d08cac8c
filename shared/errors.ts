/**
 * The errors that clients see: a closed code for machines, a closed reason beneath it, a sentence for people, facts as data.
 * Whatever else is thrown is a bug and leaves the server as INTERNAL, its story in the log only.
 */
import type { Json } from "./json.ts";
import { oneStop } from "./one-stop.ts";

/** The classes of error a client may branch on, as `extensions.code`. */
export const errorCodes = [
  "BAD_USER_INPUT",
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "TENANT_MISMATCH",
  "NOT_FOUND",
  "CONFLICT",
  "RESOURCE_EXHAUSTED",
  "DOWNSTREAM_UNAVAILABLE",
  "TIMEOUT",
  "INTERNAL",
] as const;

/** One of {@link errorCodes}. */
export type ErrorCode = (typeof errorCodes)[number];

/** Facts stand flat beside code and reason in `extensions`; undefined ones are left out. */
export type ErrorFacts = Record<string, Json | undefined>;

/** An error made for a client: everything in it may be shown, but for `cause`. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly reason: string;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, reason: string, message: string, facts: ErrorFacts = {}, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
    this.reason = reason;
    this.facts = facts;
  }
}

interface ErrorDefinition<F> {
  code: ErrorCode;
  message: (facts: F) => string;
}

type ErrorMakers<D> = {
  [R in keyof D]: D[R] extends ErrorDefinition<infer F> ? (facts: F, options?: { cause?: unknown }) => AppError : never;
};

/**
 * Declares a closed list of errors. Each becomes a function of its facts that makes the AppError (throw it yourself).
 *
 * @example const errors = defineErrors({ APP_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No app ${f.id}.` } });
 *          throw errors.APP_NOT_FOUND({ id });
 */
export function defineErrors<D extends Record<string, ErrorDefinition<never>>>(definitions: D): ErrorMakers<D> {
  const makers = Object.entries(definitions).map(([reason, { code, message }]) => [
    reason,
    (given: never, options?: { cause?: unknown }) => {
      const facts = shortened(given);
      return new AppError(code, reason, oneStop(message(facts as never)), facts, options);
    },
  ]);
  return Object.fromEntries(makers) as ErrorMakers<D>;
}

const longestFact = 1_000;

/** A client may send megabytes as an id: an error need not send them back, and the log not keep them. */
function shortened(facts: ErrorFacts): ErrorFacts {
  const isLong = (value: unknown): value is string => typeof value === "string" && value.length > longestFact;
  if (!Object.values(facts).some(isLong)) return facts;
  const entries = Object.entries(facts).map(([name, value]) => [
    name,
    isLong(value) ? `${value.slice(0, longestFact).toWellFormed()}…` : value,
  ]);
  return Object.fromEntries(entries) as ErrorFacts;
}
