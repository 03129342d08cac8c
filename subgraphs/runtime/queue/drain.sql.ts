import { inboxJson, type InboxMessage } from "./load.sql.ts";
import { rowsOf, type Queryable, type Statement } from "./statement.ts";

/** Mail that its owner has not read. */
export interface DrainedMail {
  id: string;
  mail: number;
  messages: InboxMessage[];
}

const drain: Statement = {
  name: "drain",
  text: `
select r.id, r.mail, ${inboxJson("x.seen")} as messages
from unnest($1::text[], $2::int[]) as x(id, seen) join runtime.run r on r.id = x.id where r.mail > x.seen`,
};

const withdrawn: Statement = {
  name: "offers_withdrawn",
  text: `
select x.key from unnest($1::text[], $2::uuid[]) as x(key, lease)
where not exists (select from runtime.work w where w.key = x.key and w.lease = x.lease)`,
};

/** Reads the messages of owned runs that are behind what each owner has seen; only runs that have some. */
export function mailDrain(db: Queryable, owned: readonly { id: string; seen: number }[]): Promise<DrainedMail[]> {
  return rowsOf(db, drain, [owned.map(({ id }) => id), owned.map(({ seen }) => seen)]);
}

/** Which of the offered node runs that are executed here do not count any more: cancelled with their run, or taken by another. */
export async function offersWithdrawn(db: Queryable, held: readonly { key: string; lease: string }[]): Promise<string[]> {
  const rows = await rowsOf<{ key: string }>(db, withdrawn, [held.map(({ key }) => key), held.map(({ lease }) => lease)]);
  return rows.map(({ key }) => key);
}
