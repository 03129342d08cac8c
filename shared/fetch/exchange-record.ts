/**
 * Keeps what has happened of a request and its redirects, and says from it how a failure ends: whether the other side may have acted, and
 * whether it may be asked again. From the status line on its effect is known.
 */
import { AppError } from "#shared/errors.ts";
import { UndecodableBody } from "./content-encoding.ts";
import { isEgressRefusal, maxHeaderBytes } from "./fetch-connector.ts";
import { fetchErrors } from "./fetch-errors.ts";
import type { Hop } from "./fetch-request.ts";

/** When a request is given up. */
interface Limits {
  deadlineMs: number;
  /** The caller's wish to stop. */
  signal: AbortSignal | undefined;
}

// They end before a byte of the request is written.
const connectFailures = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"]);

// Asked again, they change nothing.
const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/** The record of one request. */
export class ExchangeRecord {
  readonly #limits: Limits;
  /** Some hop was written to a socket: from then on nobody knows what a failure leaves behind, until it is answered. */
  #isSent = false;
  #isSafe = true;
  #isLate = false;
  /** The status of the redirect that a request with an effect was answered with: it is done, and what follows only shows what came of it. */
  #redirectedBy: number | undefined;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  hopBegins({ method }: Hop): void {
    this.#isSafe &&= safeMethods.has(method);
  }

  sent(): void {
    this.#isSent = true;
  }

  /** The deadline is over. */
  late(): void {
    this.#isLate = true;
  }

  redirected(from: Hop, to: Hop, status: number): void {
    if (!safeMethods.has(from.method) && safeMethods.has(to.method)) this.#redirectedBy = status;
  }

  get redirectedBy(): number | undefined {
    return this.#redirectedBy;
  }

  get #isDone(): boolean {
    return this.#redirectedBy !== undefined;
  }

  /** The failure of a request that brought no status. */
  failure(hop: Hop, error: unknown): unknown {
    if (error instanceof AppError) return error;
    const { signal, deadlineMs } = this.#limits;
    if (signal?.aborted) return signal.reason;
    const origin = hop.url.origin;
    const isOpen = this.#isSent && !this.#isDone;
    if (this.#isLate) {
      const facts = { origin, deadlineMs, retryable: !this.#isDone, effectUnknown: isOpen };
      return fetchErrors.FETCH_TIMEOUT(facts, { cause: error });
    }
    if (isEgressRefusal(error)) return fetchErrors.EGRESS_DENIED({ origin, ...settled }, { cause: error });
    const code = errorCode(error);
    const headProblem = headProblemOf(error);
    if (headProblem !== undefined) return this.#unreadable({ hop, status: null }, { problem: headProblem, mayPass: false, cause: error });
    // A certificate that does not fit fails again; all else may pass.
    const mayPass = !/CERT|TLS|SSL/.test(code);
    const facts = {
      origin,
      problem: problemOf(error),
      retryable: mayPass && !this.#isDone,
      effectUnknown: isOpen && mayPass && !connectFailures.has(code),
    };
    return fetchErrors.FETCH_FAILED(facts, { cause: error });
  }

  /** The failure of a body whose status had come. */
  bodyFailure({ hop, status }: { hop: Hop; status: number }, error: unknown): unknown {
    if (error instanceof AppError) return error;
    const { signal, deadlineMs } = this.#limits;
    if (signal?.aborted) return signal.reason;
    if (this.#isLate) {
      const facts = { origin: hop.url.origin, deadlineMs, retryable: this.#isSafe, effectUnknown: false, answered: true } as const;
      return fetchErrors.FETCH_TIMEOUT(facts, { cause: error });
    }
    if (error instanceof UndecodableBody) return this.#unreadable({ hop, status }, error);
    return this.#unreadable({ hop, status }, { problem: bodyProblemOf(error), mayPass: true, isCut: true, cause: error });
  }

  tooLarge(hop: Hop, maxBytes: number): AppError {
    return fetchErrors.FETCH_TOO_LARGE({ origin: hop.url.origin, maxBytes, ...settled, answered: true });
  }

  #unreadable(
    { hop, status }: { hop: Hop; status: number | null },
    { problem, mayPass, isCut = false, cause }: { problem: string; mayPass: boolean; isCut?: boolean; cause?: unknown },
  ): AppError {
    const retryable = mayPass && this.#isSafe;
    const facts = { origin: hop.url.origin, status, problem, retryable, effectUnknown: false, answered: true, cut: isCut } as const;
    return fetchErrors.FETCH_BODY_UNREADABLE(facts, { cause });
  }
}

const settled = { retryable: false, effectUnknown: false } as const;

function errorCode(error: unknown): string {
  // By shape, not by class: system errors may come from another realm.
  const { code, errors } = (error ?? {}) as { code?: unknown; errors?: unknown };
  if (typeof code === "string") return code;
  return Array.isArray(errors) && errors.length > 0 ? errorCode(errors[0]) : "UNKNOWN";
}

/** The parser's reason; undefined: it is not the parser's error. */
function parserReason(error: unknown): string | undefined {
  const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown };
  // Its code is always undefined (undici 7.30).
  return name === "HTTPParserError" ? (/\(([^()]*)\)$/.exec(String(message))?.[1] ?? "") : undefined;
}

/** What is wrong with headers behind a status line that was there; undefined: nothing says that one was. */
function headProblemOf(error: unknown): string | undefined {
  if (errorCode(error) === "UND_ERR_HEADERS_OVERFLOW") return `its headers are larger than ${maxHeaderBytes} bytes`;
  const reason = parserReason(error);
  const isBehindStatus = reason !== undefined && !/HTTP\/|version|status|response line/i.test(reason);
  return isBehindStatus ? `its headers are not HTTP's (${reason})` : undefined;
}

function problemOf(error: unknown): string {
  const code = errorCode(error);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "its name cannot be resolved";
  if (connectFailures.has(code)) return "no connection";
  return parserReason(error) === undefined ? `the connection broke (${code})` : "it does not speak HTTP";
}

function bodyProblemOf(error: unknown): string {
  const code = errorCode(error);
  if (code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH") return "it is shorter than its content-length";
  return parserReason(error) === undefined ? `the connection broke before its end (${code})` : "its chunks are broken";
}
