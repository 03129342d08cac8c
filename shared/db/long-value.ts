/**
 * Parameters of many megabytes, which go to PostgreSQL as they are and a piece after the other. The driver joins a parameter with its message, copies that again as it grows,
 * and writes all of it at once: 40 MB took a turn of the main loop of 175 to 300 ms.
 */
import type { Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import pg from "pg";

/** A parameter in PostgreSQL's binary form, in pieces. Whoever gives them does not change them. */
export class LongValue {
  readonly pieces: readonly Buffer[];
  /** Of all pieces, in bytes. */
  readonly length: number;

  constructor(pieces: readonly Buffer[]) {
    this.pieces = pieces;
    this.length = pieces.reduce((sum, { length }) => sum + length, 0);
  }
}

/** The driver's connection, as far as a query needs it that sends itself. */
interface DriverConnection {
  readonly stream: Writable;
  readonly submittedNamedStatements: Record<string, string>;
  parse(of: { name: string | undefined; text: string }): void;
  describe(of: { type: "P"; name: string }): void;
  execute(of: { portal: string }): void;
  sync(): void;
}

interface DriverQuery {
  hasBeenParsed(connection: DriverConnection): boolean;
}

/** What is asked, as the driver takes it. */
interface LongStatement {
  name?: string | undefined;
  text: string;
  values?: readonly unknown[];
  /** How long its answer is waited for, in ms. */
  query_timeout?: number | undefined;
}

/** The driver's query, but for how its values are sent: nobody else may write to the connection before it is answered. */
class LongQuery extends pg.Query {
  readonly #statement: LongStatement;
  readonly #bind: readonly Buffer[];

  constructor(
    statement: LongStatement,
    { bind, done }: { bind: readonly Buffer[]; done: (cause?: Error | null, result?: unknown) => void },
  ) {
    super({ ...statement, values: [] }, done as never);
    this.#statement = statement;
    this.#bind = bind;
  }

  prepare(connection: DriverConnection): void {
    const { name, text } = this.#statement;
    if (!(this as unknown as DriverQuery).hasBeenParsed(connection)) {
      connection.parse({ name, text });
      if (name !== undefined) connection.submittedNamedStatements[name] = text;
    }
    const whenSent = (): void => {
      connection.stream.cork();
      connection.describe({ type: "P", name: "" });
      connection.execute({ portal: "" });
      connection.sync();
      connection.stream.uncork();
    };
    // A connection that is lost meanwhile fails its query by itself.
    sendInTurns(connection.stream, this.#bind).then(whenSent, () => {});
  }

  // What has values is prepared: the driver looks for them.
  requiresPreparation(): boolean {
    return true;
  }
}

/** What is written at once, in bytes. */
const writtenBytes = 1 << 20;

/** Writes bytes, and no more of them before the last are gone: the socket would take all that there is in one turn of the main loop. */
async function sendInTurns(stream: Writable, pieces: readonly Buffer[]): Promise<void> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  const write = async (): Promise<void> => {
    const written = Promise.withResolvers<void>();
    stream.cork();
    waiting.forEach((piece, index) =>
      stream.write(piece, index < waiting.length - 1 ? undefined : (cause) => (cause ? written.reject(cause) : written.resolve())),
    );
    stream.uncork();
    await written.promise;
    // Not one of its own: the statement's time runs, and with many others at work it would be behind all of theirs for each MiB.
    await nextTurn();
  };
  for (const piece of pieces) {
    waiting.push(piece);
    bytes += piece.length;
    if (bytes < writtenBytes) continue;
    await write();
    waiting = [];
    bytes = 0;
  }
  if (waiting.length > 0) await write();
}

/** Whether some value is a {@link LongValue}. */
export function hasLongValue(values: readonly unknown[] | undefined): boolean {
  return values?.some((value) => value instanceof LongValue) ?? false;
}

/** Sends a statement with long values, and texts and numbers beside them, as `client.query` sends one without. The connection is not one that pipelines. */
export async function queryLong(client: pg.ClientBase, statement: LongStatement): Promise<pg.QueryResult> {
  if ((client as { pipeline?: boolean }).pipeline) throw new Error("a long value for a connection that pipelines");
  const { name = "", values = [], query_timeout } = statement;
  const bind = bindMessage(name, values);
  return new Promise((resolve, reject) => {
    const done = (cause?: Error | null, result?: unknown): void => (cause ? reject(cause) : resolve(result as pg.QueryResult));
    // The driver looks for the time at what it is given.
    client.query(Object.assign(new LongQuery(statement, { bind, done }), { query_timeout }) as pg.Submittable);
  });
}

/** A value as it is sent. */
interface Bound {
  /** Its format: bytes, or text. */
  isBinary: boolean;
  value: LongValue;
}

function bound(value: unknown): Bound | null {
  if (value instanceof LongValue) return { isBinary: true, value };
  if (value === null || value === undefined) return null;
  if (typeof value !== "string" && typeof value !== "number") throw new Error(`a ${typeof value} beside a long value`);
  return { isBinary: false, value: new LongValue([Buffer.from(String(value))]) };
}

/** The message as PostgreSQL's protocol has it: names, the values' formats, the values each with its length, and text as the format of all results. */
function bindMessage(name: string, values: readonly unknown[]): Buffer[] {
  const all = values.map(bound);
  const body = [
    Buffer.from(`\0${name}\0`),
    int16s(all.length, ...all.map((one) => (one?.isBinary ? 1 : 0)), all.length),
    ...all.flatMap((one) => (one === null ? [int32(-1)] : [int32(one.value.length), ...one.value.pieces])),
    int16s(1, 0),
  ];
  return [Buffer.from("B"), int32(4 + body.reduce((sum, { length }) => sum + length, 0)), ...body];
}

function int16s(...values: number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  values.forEach((value, index) => bytes.writeInt16BE(value, 2 * index));
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
