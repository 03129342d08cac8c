import type { IncomingMessage } from "node:http";
import { clientLeft } from "#shared/client-left.ts";
import { AppError, defineErrors } from "#shared/errors.ts";
import { bodyText } from "#shared/fetch/body-text.ts";
import { refuseDeep } from "#shared/json/nesting.ts";
import { refuseLongNumbers } from "#shared/json/numbers.ts";
import { keysRefusal } from "#shared/json/value-count.ts";
import { ownTurn } from "#shared/own-turn.ts";

/** Why a request's body is not read. */
export const bodyErrors = defineErrors({
  BODY_TOO_LARGE: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { limitBytes: number }) => `The request's body is larger than ${f.limitBytes} bytes. Send less, or in several requests.`,
  },
  BODY_NOT_JSON: {
    code: "BAD_USER_INPUT",
    message: (_: Record<never, never>) => 'The request\'s body is not valid JSON. Send {"query": "…", "variables": {…}}.',
  },
  BODY_ENCODED: {
    code: "BAD_USER_INPUT",
    message: (f: { encoding: string }) => `Content-Encoding ${f.encoding} is not read here; send the body as it is.`,
  },
});

/** A text of more is looked at, read and executed in turns of their own: each of them takes tens of milliseconds for 4 MiB. */
const largeChars = 256 * 1024;

/** How a body is read. */
export interface BodyReading {
  limitBytes: number;
  /** Keys that one of its objects may have; any unless given. */
  maxKeys?: number | undefined;
  /** Hears of the body before it is parsed; what it throws refuses the request. */
  onBytes?: ((bytes: Buffer) => void) | undefined;
}

/**
 * Reads a JSON body, by its byte order mark or charset as bodyText does. A body that is not declared as JSON is not read: undefined.
 *
 * @throws AppError one of {@link bodyErrors}; NESTED_TOO_DEEP; TOO_MANY_KEYS; NUMBER_NOT_KEPT; CLIENT_LEFT where it hung up, or was cut off, before the end
 */
export async function readBody(request: IncomingMessage, { limitBytes, maxKeys, onBytes }: BodyReading): Promise<unknown> {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") throw bodyErrors.BODY_ENCODED({ encoding });
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/([\w.-]+\+)?json\b/i.test(type)) {
    request.resume();
    return undefined;
  }
  const bytes = await readBytes(request, limitBytes);
  onBytes?.(bytes);
  const text = bodyText(bytes, type);
  if (text === "") return undefined;
  refuseDeep(text);
  const isLarge = text.length > largeChars;
  if (isLarge) await ownTurn();
  const tooMany = maxKeys === undefined ? undefined : keysRefusal(text, maxKeys);
  if (tooMany !== undefined) throw tooMany;
  if (isLarge) await ownTurn();
  const body = parsed(text);
  if (isLarge) await ownTurn();
  refuseLongNumbers(text);
  return body;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw bodyErrors.BODY_NOT_JSON({});
  }
}

/** The HTTP status of a request that was refused: by its body, by who sends it, or by how much there is; 500 for a bug. */
export function statusOfRefusal(error: unknown): number {
  if (!(error instanceof AppError)) return 500;
  if (error.reason === "CLIENT_LEFT") return 408;
  if (error.reason === "BODY_TOO_LARGE" || error.reason === "TOO_MANY_KEYS") return 413;
  if (error.reason === "BODY_ENCODED") return 415;
  if (error.code === "DOWNSTREAM_UNAVAILABLE") return 503;
  // What is not the sender's fault is none of 4xx: it may be sent again.
  if (error.code === "INTERNAL") return 500;
  if (error.code === "TIMEOUT") return 504;
  if (error.code === "CONFLICT") return 409;
  if (error.code === "FORBIDDEN" || error.code === "TENANT_MISMATCH") return 403;
  if (error.code === "RESOURCE_EXHAUSTED") return sharedLimits.has(error.reason) ? 503 : 429;
  return error.code === "UNAUTHENTICATED" ? 401 : 400;
}

/** Limits that all tenants share: who meets one need not have sent much. */
const sharedLimits: ReadonlySet<string> = new Set(["ROUTER_BUSY", "STREAMS_LIMIT", "SOCKETS_LIMIT"]);

/** Reads a body as it is sent. @throws AppError BODY_TOO_LARGE, CLIENT_LEFT */
export async function readBytes(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limitBytes) throw bodyErrors.BODY_TOO_LARGE({ limitBytes });
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof AppError || !request.destroyed ? error : clientLeft();
  }
  return Buffer.concat(chunks);
}
