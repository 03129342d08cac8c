/** Loads what rows hold that may be large: it is measured where it lies, and room is made for it before it is read. */
import DataLoader from "dataloader";
import type { Db, Tx } from "#shared/db/database.ts";

/** Columns that may be large, of rows by id. */
export interface PayloadSource<Row> {
  /** A select of `id` and the columns, for values of {@link valuesOf}. */
  rows: string;
  columns: readonly (keyof Row & string)[];
  valuesOf(ids: readonly string[], tenantId: string): unknown[];
}

/** All that rows hold together is read in line with them up to this; most operations never have more. */
const inLineBytes = 256 << 10;
/** As much at a time, so that what the driver keeps beside the values stays small. */
const batchBytes = 8 << 20;

interface Measured {
  id: string;
  size: number;
  isHere: boolean;
}

/**
 * Loads rows by id, null where there is none. One statement where they are small; else it measures the rest, waits for room, and reads it in batches.
 *
 * @throws AppError (of each key) READ_TOO_LARGE, READS_BUSY
 */
export function payloadLoader<Row extends object>(db: Db, source: PayloadSource<Row>): DataLoader<string, Row | null> {
  const measure = measured(source);
  return new DataLoader(async (ids) => {
    const found = await db.read((tx) => tx.sql<Measured & Row>(measure, [...source.valuesOf(ids, db.tenantId), inLineBytes]));
    const byId = new Map<string, Row>(found.map((row) => [row.id, row]));
    const missing = found.filter(({ isHere }) => !isHere);
    if (missing.length > 0) {
      await db.reading?.reserve(missing.reduce((sum, { size }) => sum + size, 0));
      for (const batch of batches(missing)) for (const row of await db.read((tx) => rowsOf(tx, source, batch))) byId.set(row.id, row);
    }
    return ids.map((id) => byId.get(id) ?? null);
  });
}

function rowsOf<Row extends object>(
  tx: Tx,
  { rows, valuesOf }: PayloadSource<Row>,
  ids: readonly string[],
): Promise<(Row & { id: string })[]> {
  return tx.sql(rows, valuesOf(ids, tx.tenantId));
}

// The last parameter is the most that is read in line; the rows that are beyond it come with their sizes only.
function measured<Row>({ rows, columns, valuesOf }: PayloadSource<Row>): string {
  const most = `$${valuesOf([], "").length + 1}::int`;
  const size = columns.map((name) => `coalesce(octet_length("${name}"::text), 0)`).join(" + ");
  const kept = columns.map((name) => `case when s."isHere" then s."${name}" end as "${name}"`).join(", ");
  return `select s.id, s.size, s."isHere", ${kept} from (
      select m.*, sum(m.size) over (order by m.id rows unbounded preceding) <= ${most} as "isHere" from (
        select p.*, ${size} as size from (${rows}) p) m) s`;
}

function* batches(rows: readonly Measured[]): Generator<string[]> {
  let batch: string[] = [];
  let bytes = 0;
  for (const { id, size } of rows) {
    if (batch.length > 0 && bytes + size > batchBytes) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(id);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
