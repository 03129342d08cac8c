/** Undoes the content-encoding of a body as it comes. */
import { pipeline, Readable, type Transform } from "node:stream";
import * as zlib from "node:zlib";

/** Why a body cannot be decoded, in words that may be shown. */
export class UndecodableBody extends Error {
  override readonly name = "UndecodableBody";
  readonly problem: string;
  /** Whether another answer may be better: false where it is encoded in a way that nobody here knows. */
  readonly mayPass: boolean;

  constructor(problem: string, { cause, mayPass }: { cause?: unknown; mayPass: boolean }) {
    super(problem, { cause });
    this.problem = problem;
    this.mayPass = mayPass;
  }
}

/** More are an attack: each may blow up what the one before it made. */
const mostEncodings = 4;

// Labels that say that nothing was done, or name something else by mistake.
const noEncodings = new Set(["", "identity", "none", "utf-8", "utf8", "iso-8859-1", "us-ascii", "binary", "8bit", "aws-chunked"]);

/** A decoder, chosen by the first bytes. */
type CreateDecoder = (start: Uint8Array) => Transform;

// Node reads the first frame only; better no body than the half of one. Its types do not know the option yet.
const zstdOptions = { rejectGarbageAfterEnd: true };

const decoders: ReadonlyMap<string, CreateDecoder> = new Map<string, CreateDecoder>([
  ["gzip", () => zlib.createGunzip()],
  ["x-gzip", () => zlib.createGunzip()],
  // Half of the world sends it without the zlib header that it should have.
  ["deflate", ([first = 0]) => ((first & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw())],
  ["br", () => zlib.createBrotliDecompress()],
  // Node 20 has none.
  ...("createZstdDecompress" in zlib ? [["zstd", () => zlib.createZstdDecompress(zstdOptions)] as const] : []),
]);

/**
 * Decodes a body.
 *
 * @param contentEncoding  the header: encodings in the order in which they were applied.
 * @param check            is given the stream of each step but the last, encoded or half decoded, and may end it: a small body may become a huge one at any step.
 * @throws UndecodableBody where an encoding is not known or does not fit, once a byte has come: an empty body has nothing to decode
 */
export function decodedBody(
  raw: AsyncIterable<Uint8Array>,
  contentEncoding: string | undefined,
  check: (step: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  const names = (contentEncoding ?? "").split(",").map((name) => name.trim().toLowerCase());
  return names
    .filter((name) => !noEncodings.has(name))
    .toReversed()
    .reduce((body, name, index) => decodedOnce(check(body), name, index), raw);
}

async function* decodedOnce(body: AsyncIterable<Uint8Array>, name: string, index: number): AsyncGenerator<Uint8Array> {
  const reader = body[Symbol.asyncIterator]();
  const first = await reader.next();
  if (first.done === true) return;
  const failures: Error[] = [];
  const source = Readable.from(following(first.value, reader, failures));
  try {
    // pipeline() reports the source's failure on the decoder, where it is read.
    yield* pipeline(source, createDecoder(name, index, first.value), ignore) as AsyncIterable<Uint8Array>;
  } catch (error) {
    // A connection that broke is no fault of the encoding.
    const [failure = undecodable(name, error)] = failures;
    throw failure;
  } finally {
    source.destroy();
  }
}

async function* following(first: Uint8Array, rest: AsyncIterator<Uint8Array>, failures: Error[]): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } catch (error) {
    failures.push(error as Error);
    throw error;
  } finally {
    await rest.return?.();
  }
}

function createDecoder(name: string, index: number, start: Uint8Array): Transform {
  const create = decoders.get(name);
  if (create === undefined)
    throw new UndecodableBody(`its content-encoding ${JSON.stringify(name.slice(0, 40))} is not known`, { mayPass: false });
  if (index >= mostEncodings) throw new UndecodableBody("it is encoded too often", { mayPass: false });
  return create(start);
}

function undecodable(name: string, error: unknown): Error {
  if (error instanceof UndecodableBody) return error;
  return new UndecodableBody(`it is not the ${name} that its content-encoding says, or is cut short`, { cause: error, mayPass: true });
}

function ignore(): void {
  // The failure is reported where the body is read; a second report would be an unhandled 'error' event.
}
