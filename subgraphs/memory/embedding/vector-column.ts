/** How vectors are kept: as pgvector's type where the migration found it, else as bytes. */
import pg from "pg";
import { vectorBase64, vectorText, type UnitVector } from "./vector.ts";

/** How a vector goes into the column. */
export interface VectorColumn {
  /** Of pgvector's type: the database compares vectors, by an index where there is one. */
  isIndexed: boolean;
  /** A vector as the parameter of a statement. */
  write(vector: UnitVector): string;
  /** The SQL that makes the column's value of such a parameter. */
  read(parameter: string): string;
}

export const bytesColumn: VectorColumn = {
  isIndexed: false,
  write: vectorBase64,
  read: (parameter) => `decode(${parameter}, 'base64')`,
};

export const pgvectorColumn: VectorColumn = {
  isIndexed: true,
  write: vectorText,
  read: (parameter) => `${parameter}::vector`,
};

/** Which of the two the database has. Nothing but the catalog is asked, over a connection of its own. */
export async function vectorColumn(databaseUrl: string): Promise<VectorColumn> {
  // Bounded here, not by the session: a pooler refuses settings that one starts with.
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000, query_timeout: 10_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    const { rows } = await client.query<{ type: string }>(
      `select format_type(atttypid, null) as type from pg_attribute
       where attrelid = to_regclass('memory.memory_embedding') and attname = 'vector'`,
    );
    return rows[0]?.type === "bytea" ? bytesColumn : pgvectorColumn;
  } finally {
    await client.end();
  }
}
