import type pg from "pg";

declare const isDefined: unique symbol;

/** A statement that PostgreSQL prepares once a session, under its name. There is no other way to make one than {@link defineStatement}. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly [isDefined]: true;
}

const defined = new Map<string, Statement>();

/** Makes a statement, and adds it to the list of them. @throws Error when another has its name: a bug. */
export function defineStatement(given: { name: string; text: string }): Statement {
  if (defined.has(given.name)) throw new Error(`two statements are named ${given.name}`);
  const made = given as Statement;
  defined.set(made.name, made);
  return made;
}

/** All statements of the modules that this process has loaded. */
export function definedStatements(): readonly Statement[] {
  return [...defined.values()];
}

/**
 * SQL: the keys that a part of the statement has, as a list that an index is asked for. Tables that are cleared again and again (`work`, `inbox`, `outbox`) are
 * named by such lists and not by a join alone: a plan that was made just when VACUUM had cut one of them to nothing begins a join there, with the whole of it,
 * and is kept: a claim of 100 of 8,000 took 350 ms then instead of 15 (November 2026).
 */
export function keysOf(select: string): string {
  return `any(array(select ${select}))`;
}

/**
 * SQL: what a column equals, of a table that is joined by it, as a list of one. Two columns that are equal give an index on one of them an order that is worth reading the
 * whole of it, as far as the planner knows of a table that it has seen empty (every run was removed, or an operator had a new database analyzed), and that plan is kept:
 * a run's flush cost PostgreSQL 4 ms instead of 0.25 after 13,000 runs (November 2026). A list has no order, so the index is asked for it.
 */
export function keyOf(column: string): string {
  return `any(array[${column}])`;
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
