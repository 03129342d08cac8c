import type pg from "pg";

/** A statement that PostgreSQL prepares once a session, under its name. */
export interface Statement {
  name: string;
  text: string;
}

/** What statements are sent through. */
export type Queryable = Pick<pg.Pool, "query">;

/** No answer within this is an unknown outcome; the connection is given up. */
export const statementDeadlineMs = 10_000;

/** Sends one statement, its own transaction. Columns are trusted to be what the statement's own text makes them. */
export async function rowsOf<Row>(db: Queryable, statement: Statement, values: readonly unknown[]): Promise<Row[]> {
  const query = { ...statement, values: [...values], query_timeout: statementDeadlineMs };
  const { rows } = await db.query(query);
  return rows as Row[];
}

/** SQL: a point in time as milliseconds, which pg reads as a number. */
export function epochMs(expression: string): string {
  return `(extract(epoch from ${expression}) * 1000)::float8`;
}
