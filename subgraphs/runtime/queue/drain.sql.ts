import { inboxOf, storedJson, type InboxMessage } from "./load.sql.ts";
import { defineStatement, epochMs, keyOf, type Queryable, rowsOf } from "./statement.ts";

/** Mail that its owner has not read: the next few MiB of it. */
export interface DrainedMail {
  id: string;
  /** The number up to which it was read. */
  mail: number;
  messages: InboxMessage[];
}

const drain = defineStatement({
  name: "drain",
  text: `
select r.id, box.mail, box.messages::text as messages
from unnest($1::text[], $2::int[]) as x(id, seen) join runtime.run r on r.id = ${keyOf("x.id")}, ${inboxOf("x.seen")} where r.mail > x.seen`,
});

const withdrawn = defineStatement({
  name: "offers_withdrawn",
  text: `
select x.key from unnest($1::text[], $2::uuid[]) as x(key, lease)
where not exists (select from runtime.work w where w.key = any($1) and w.key = x.key and w.lease = x.lease)`,
});

// A run without a work row has been due since ever.
const standing = defineStatement({
  name: "mail_standing",
  text: `
select x.id, coalesce(${epochMs("w.visible_at")} - ${epochMs("now()")}, '-infinity') as "leftMs"
from unnest($1::text[], $2::int[]) as x(id, seq) join runtime.inbox m on m.run_id = any($1) and m.run_id = x.id and m.seq = x.seq
  left join runtime.work w on w.key = x.id`,
});

// All of it: the inbox holds what nobody has read yet, which is little.
const unread = defineStatement({
  name: "mail_unread",
  text: `select run_id as id, tenant_id as "tenantId", max(seq) as mail from runtime.inbox group by run_id, tenant_id limit $1`,
});

/** Reads the messages of owned runs that are behind what each owner has seen; only runs that have some. */
export async function mailDrain(db: Queryable, owned: readonly { id: string; seen: number }[]): Promise<DrainedMail[]> {
  const asked = [owned.map(({ id }) => id), owned.map(({ seen }) => seen)];
  const rows = await rowsOf<{ id: string; mail: number; messages: string }>(db, drain, asked);
  const drained: DrainedMail[] = [];
  for (const { id, mail, messages } of rows)
    drained.push({ id, mail, messages: (await storedJson(messages)) as unknown as InboxMessage[] });
  return drained;
}

/** Which of the offered node runs that are executed here do not count any more: cancelled with their run, or taken by another. */
export async function offersWithdrawn(db: Queryable, held: readonly { key: string; lease: string }[]): Promise<string[]> {
  const rows = await rowsOf<{ key: string }>(db, withdrawn, [held.map(({ key }) => key), held.map(({ lease }) => lease)]);
  return rows.map(({ key }) => key);
}

/** Which of these messages nobody has read, and when their runs are due: at once, when the owner's lease ends, or since how long (below 0). */
export function mailStanding(db: Queryable, posted: readonly { id: string; mail: number }[]): Promise<{ id: string; leftMs: number }[]> {
  return rowsOf(db, standing, [posted.map(({ id }) => id), posted.map(({ mail }) => mail)]);
}

/** The last unread message of each run that has one, whoever posted it. */
export function mailUnread(db: Queryable, limit: number): Promise<{ id: string; tenantId: string; mail: number }[]> {
  return rowsOf(db, unread, [limit]);
}
