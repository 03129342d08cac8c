import type pg from "pg";
import type { AppError } from "../errors.ts";
import type { Reading } from "../read-bytes.ts";

/** The counting of what comes over a connection that is lent. */
export interface ByteCount {
  /** Why nothing more comes over it. */
  refusal(): AppError | undefined;
  end(): void;
}

const uncounted: ByteCount = { refusal: () => undefined, end() {} };

/**
 * Counts what comes over a connection for an operation, as it comes: the driver keeps a result until it is whole. What is too much ends the connection,
 * for nothing else makes PostgreSQL stop sending.
 */
export function countBytes(client: pg.PoolClient, reading: Reading | undefined): ByteCount {
  if (reading === undefined) return uncounted;
  const { stream } = (client as unknown as { connection: pg.Connection }).connection;
  let refusal: AppError | undefined;
  const onData = ({ length }: Buffer) => {
    refusal ??= reading.came(length);
    if (refusal !== undefined) stream.destroy();
  };
  stream.on("data", onData);
  return { refusal: () => refusal, end: () => void stream.off("data", onData) };
}
