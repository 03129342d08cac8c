/**
 * What everybody but the owner does to a run: a message in its inbox, and a wake-up of a run at rest, in one statement that touches one run.
 */
import type { Json } from "#shared/json.ts";
import { isIndexedPart } from "./parts.sql.ts";
import { defineStatement, keyOf, type Queryable, rowsOf } from "./statement.ts";

/** A message for the owner of a run. */
export interface Message {
  runId: string;
  tenantId: string;
  kind: number;
  path?: string;
  attempt?: number;
  body: Json;
  /** Posts to MANUAL runs only. */
  manualOnly?: boolean;
  /** Posts only where this is the number of the run's last message: nothing was posted since it was looked at. */
  mail?: number;
}

/** The message is in. `free`: nobody owns the run, so the poster may apply it. */
export interface Posting {
  mail: number;
  free: boolean;
}

const wake = `
w as (insert into runtime.work (key, run_id, tenant_id) select id, id, tenant_id from r where lease is null
  on conflict (key) do update set visible_at = least(work.visible_at, now()))`;

const post = defineStatement({
  name: "post",
  text: `
with r as (update runtime.run set mail = mail + 1
  where id = $1 and tenant_id = $2 and status < 3 and (not $7::bool or execution = 'MANUAL') and ($8::int is null or mail = $8) returning id, tenant_id, mail, lease),
m as (insert into runtime.inbox (run_id, seq, tenant_id, kind, path, attempt, body) select id, mail, tenant_id, $3, $4, $5, $6 from r),
${wake}
select mail, lease is null as free from r`,
});

const answer = defineStatement({
  name: "answer",
  text: `
with l as materialized (select id from runtime.run where id = $1 and tenant_id = $2 and status < 3 for update),
n as (update runtime.node_run x set answered = true, answered_by = $6, answered_at = clock_timestamp() from l
  where x.run_id = l.id and x.path = $4 and x.status = 2 and not x.answered
    and case when $3 = 7 then x.wait_reason = 'APPROVAL' else coalesce(x.wait_reason, '') not in ('RETRY', 'APPROVAL', 'APPROVED', 'CHILD') end
  returning x.run_id, x.attempt),
r as (update runtime.run set mail = mail + 1 from n where run.id = ${keyOf("n.run_id")} returning run.id, tenant_id, mail, lease, n.attempt),
m as (insert into runtime.inbox (run_id, seq, tenant_id, kind, path, attempt, body) select id, mail, tenant_id, $3, $4, attempt, $5 from r),
${wake}
select mail, lease is null as free from r`,
});

// The row is that of an agent, or of a team that is led by one, that works: it was opened, and has not ended. Under the run's lock, which the flush of its end needs too.
// The row is locked, and not just read: who has waited for the run's lock would read it as it was before the wait. The run's lock comes first, as in a flush.
// A run that was made of another has such a row before it begins: in its line it is not woken, or it would be executed beside those that have the places.
const input = defineStatement({
  name: "agent_input",
  text: `
with l as materialized (select id from runtime.run where id = $1 and tenant_id = $2 and status < 3
  and coalesce((select g.state <> 0 from runtime.gate g where g.run_id = run.id), true) for update),
n as (select x.run_id from runtime.node_run x, l where x.run_id = l.id and x.path = $4 and x.status = 1 and x.node_type in ('agent', 'team') and x.opened is not null
  for no key update of x),
r as (update runtime.run set mail = mail + 1 from n where run.id = ${keyOf("n.run_id")} returning run.id, tenant_id, mail, lease),
m as (insert into runtime.inbox (run_id, seq, tenant_id, kind, path, body) select id, mail, tenant_id, $3, $4, $5 from r),
${wake}
select mail, lease is null as free from r`,
});

// One statement, as a flush takes what was said from the inbox to the node runs: read one by one, it could be in neither.
// Only inputs are read as JSON, by `case`: the planner may look into a body before it looks at its kind.
const inputFirst = defineStatement({
  name: "agent_input_first",
  text: `
select same from (
  select 0 as place, n.seq, coalesce(n.output_text, o.content_text) = $5 as same
  from runtime.node_run n left join runtime.artifact o on o.id = ${keyOf("n.output_artifact_id")}
  where n.run_id = $1 and n.tenant_id = $2 and n.parent_path = $3 and ${isIndexedPart("n")}
    and case when n.node_id = 'input' then coalesce(n.output_json, o.content_json) ->> 'input_id' = $4 end
  union all
  select 1, m.seq, m.body ->> 'text' = $5 from runtime.inbox m
  where m.run_id = $1 and m.tenant_id = $2 and m.path = $3 and case when m.kind = $6 then m.body ->> 'inputId' = $4 end) f
order by place, seq limit 1`,
});

/** Whether that text is the first that the agent was told by this id; undefined: it was told nothing by it. Served by node_run_parts and the primary keys. */
export async function isFirstAgentInput(
  db: Queryable,
  input: { runId: string; tenantId: string; kind: number; path: string; inputId: string; text: string },
): Promise<boolean | undefined> {
  const { runId, tenantId, kind, path, inputId, text } = input;
  const [first] = await rowsOf<{ same: boolean }>(db, inputFirst, [runId, tenantId, path, inputId, text, kind]);
  return first?.same;
}

/** Posts what somebody says to an agent that works; undefined when none does at that path. */
export async function agentInputPost(
  db: Queryable,
  message: Omit<Message, "attempt" | "manualOnly" | "mail"> & { path: string },
): Promise<Posting | undefined> {
  const { runId, tenantId, kind, path, body } = message;
  const [posting] = await rowsOf<Posting>(db, input, [runId, tenantId, kind, path, JSON.stringify(body)]);
  return posting;
}

/** Posts a message; undefined when the run is terminal, unknown, or not MANUAL though that was asked for; or has another last message than was asked for. */
export async function messagePost(db: Queryable, message: Message): Promise<Posting | undefined> {
  const { runId, tenantId, kind, path, attempt, body, manualOnly, mail } = message;
  const [posting] = await rowsOf<Posting>(db, post, [
    runId,
    tenantId,
    kind,
    path ?? null,
    attempt ?? null,
    JSON.stringify(body),
    manualOnly ?? false,
    mail ?? null,
  ]);
  return posting;
}

/**
 * Posts the answer to a WAITING node, and who gave it; undefined when it does not wait, or somebody else has answered already. A decision is an answer to what asks for an
 * approval, and to nothing else; no other answer is one to that.
 */
export async function answerPost(
  db: Queryable,
  message: Omit<Message, "attempt" | "manualOnly" | "mail"> & { path: string; by: string | null },
): Promise<Posting | undefined> {
  const { runId, tenantId, kind, path, body, by } = message;
  const [posting] = await rowsOf<Posting>(db, answer, [runId, tenantId, kind, path, JSON.stringify(body), by]);
  return posting;
}
