/**
 * Who of the owners is there. Each session of a process that claims holds a lock under the process's claim mark, which PostgreSQL lets go with the session: so
 * a process none of whose sessions is there has ended, or is cut off and cannot write either. One that is slow, or stopped, keeps its sessions.
 */
import { defineStatement, rowsOf, type Queryable } from "./statement.ts";

/** SQL, a common table expression: the keys of those that are there. Read only where a row asks for it. */
export const presentMarks = `present as materialized (select (l.classid::int8 << 32) | l.objid::int8 as key from pg_locks l
  where l.locktype = 'advisory' and l.objsubid = 1 and l.granted and l.database = (select oid from pg_database where datname = current_database()))`;

/** SQL: nobody is there who has claimed under the mark. null: whoever saw the owner die has said so. */
const isGone = (mark: string): string => `not exists (select from present p where p.key = hashtextextended(${mark}, 0))`;

/**
 * SQL: the crash that a claim of row w counts, 1 or 0. A lease that was not given back counts one when its owner has died, and none when it was slow. Not where
 * it shared its owner with other suspects either: then nobody knows of whom it died, and the next company is smaller.
 */
export const crashOf = `(case when w.lease is null or w.company > 1 then 0 when ${isGone("w.worker")} then 1 else 0 end)`;

/** SQL: row w has outlived two owners. Only where the last may have died, it is asked who is there. */
export const isSuspect = `(w.crashes >= 2 or (w.crashes = 1 and ${crashOf} = 1))`;

const gone = defineStatement({ name: "mark_gone", text: `with ${presentMarks} select ${isGone("$1::text")} as "isGone"` });

/** Whether no session under this mark is left. */
export async function isMarkGone(db: Queryable, claimMark: string): Promise<boolean> {
  const [row] = await rowsOf<{ isGone: boolean }>(db, gone, [claimMark]);
  return row?.isGone === true;
}
