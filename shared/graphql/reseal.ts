/** Secrets that were sealed before tenants had data keys: where a subgraph has some, and how they are sealed anew. */
import type { Db } from "#shared/db/database.ts";
import type { SecretBox } from "#shared/secret/secrets.ts";

/** What came of a tenant's rows. */
export interface Resealed {
  /** Rows that were sealed anew. */
  rows: number;
  /** Ids of rows that no key of the environment opens; they stay as they are. */
  unreadable: string[];
}

/** A table with sealed values. */
export interface SealedTable {
  /** Qualified. */
  table: string;
  /** Does it for all rows of a tenant that need it, in batches, each its own transaction: after an end half-way it goes on where it was. */
  reseal: (db: Db, box: SecretBox) => Promise<Resealed>;
}

/** A row with its sealed values, and how they are stored. */
export interface SealedRow {
  id: string;
}

/** Statements of one table. */
export interface ResealStatements<Row extends SealedRow> {
  /** Up to 100 rows behind an id that hold something sealed otherwise, locked: `$1` tenant, `$2` id. */
  read: string;
  /** Stores one. `$1` tenant, `$2` id, then what `change` gives. */
  write: string;
  /** The values with their secrets sealed anew. @throws Error where one cannot be opened */
  change: (row: Row, box: SecretBox) => readonly unknown[];
}

/** The reseal of a table by its statements. */
export function resealBy<Row extends SealedRow>({ read, write, change }: ResealStatements<Row>): SealedTable["reseal"] {
  return async (db, box) => {
    const all: Resealed = { rows: 0, unreadable: [] };
    let after: string | undefined = "";
    while (after !== undefined) {
      const from: string = after;
      after = await db.transaction(async (tx) => {
        const rows = await tx.sql<Row>(read, [db.tenantId, from]);
        for (const row of rows) {
          const values = changed(row, box, change);
          if (values === undefined) all.unreadable.push(row.id);
          else await tx.sql(write, [db.tenantId, row.id, ...values]);
          if (values !== undefined) all.rows++;
        }
        return rows.at(-1)?.id;
      });
    }
    return all;
  };
}

function changed<Row extends SealedRow>(row: Row, box: SecretBox, change: ResealStatements<Row>["change"]): readonly unknown[] | undefined {
  try {
    return change(row, box);
  } catch {
    // Under a key that is not given here: whoever asked is told of the row.
    return undefined;
  }
}

/** Opens and seals a value, unless it is sealed as it is to be. */
export function resealed(box: SecretBox, sealed: string, binding: string): string {
  return box.isCurrent(sealed) ? sealed : box.seal(box.open(sealed, binding), binding);
}
