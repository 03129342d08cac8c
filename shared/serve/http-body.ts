import type { IncomingMessage } from "node:http";
import { clientLeft } from "#shared/client-left.ts";
import { AppError, defineErrors } from "#shared/errors.ts";
import { bodyText, bodyTextInTurns } from "#shared/fetch/body-text.ts";
import { JsonProblem, readJsonInTurns } from "#shared/json-reader.ts";
import { refuseDeep } from "#shared/json/nesting.ts";
import { longNumberRefusalInTurns, refuseLongNumbers } from "#shared/json/numbers.ts";
import { sizeRefusalInTurns } from "#shared/json/value-count.ts";

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

/** Bodies of more are looked at and read in turns of the main loop: 4 MiB take a quarter of a second. */
const largeBytes = 64 << 10;

/** Room for the bodies that are read at once. */
export interface BodyRoom {
  /** Counts bytes that came, until `leave`. @throws AppError where there is no room for them */
  came(bytes: number): void;
  /** Reads a large one when it is its turn. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** It is read, or never will be. */
  leave(): void;
}

/** How a body is read. */
export interface BodyReading {
  limitBytes: number;
  /** Keys that one of its objects may have; any unless given. */
  maxKeys?: number | undefined;
  /** Hears of the body before it is parsed; what it throws refuses the request. */
  onBytes?: ((bytes: Buffer) => void) | undefined;
  /** Any number of bodies are read at once unless given. */
  room?: BodyRoom | undefined;
}

/**
 * Reads a JSON body, by its byte order mark or charset as bodyText does. A body that is not declared as JSON is not read: undefined.
 *
 * @throws AppError one of {@link bodyErrors}; NESTED_TOO_DEEP; TOO_MANY_KEYS; NUMBER_NOT_KEPT; CLIENT_LEFT where it hung up, or was cut off, before the end
 */
export async function readBody(request: IncomingMessage, { limitBytes, maxKeys, onBytes, room }: BodyReading): Promise<unknown> {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") throw bodyErrors.BODY_ENCODED({ encoding });
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/([\w.-]+\+)?json\b/i.test(type)) {
    request.resume();
    return undefined;
  }
  try {
    const bytes = await readBytes(request, limitBytes, (size) => room?.came(size));
    onBytes?.(bytes);
    if (bytes.length <= largeBytes) return readAtOnce(bodyText(bytes, type));
    const work = () => readLarge(bytes, { type, maxKeys });
    return await (room === undefined ? work() : room.inTurn(work));
  } finally {
    room?.leave();
  }
}

/** It has not as many keys as are too many. */
function readAtOnce(text: string): unknown {
  if (text === "") return undefined;
  refuseDeep(text);
  const body = parsed(text);
  refuseLongNumbers(text);
  return body;
}

async function readLarge(bytes: Buffer, { type, maxKeys }: { type: string; maxKeys: number | undefined }): Promise<unknown> {
  const text = await bodyTextInTurns(bytes, type);
  const tooMuch = await sizeRefusalInTurns(text, maxKeys);
  if (tooMuch !== undefined) throw tooMuch;
  const body = await readJsonInTurns(text, { isOurs: true });
  if (body instanceof JsonProblem) throw bodyErrors.BODY_NOT_JSON({});
  const notKept = await longNumberRefusalInTurns(text);
  if (notKept !== undefined) throw notKept;
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
const sharedLimits: ReadonlySet<string> = new Set(["ROUTER_BUSY", "STREAMS_LIMIT", "SOCKETS_LIMIT", "BODIES_FULL"]);

/** Reads a body as it is sent. `came` hears of each part, and throws to refuse it. @throws AppError BODY_TOO_LARGE, CLIENT_LEFT */
export async function readBytes(request: IncomingMessage, limitBytes: number, came?: (bytes: number) => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limitBytes) throw bodyErrors.BODY_TOO_LARGE({ limitBytes });
      came?.(chunk.length);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof AppError || !request.destroyed ? error : clientLeft();
  }
  return Buffer.concat(chunks);
}
