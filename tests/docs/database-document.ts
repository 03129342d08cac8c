/** docs/database.md, as the catalog of a migrated database tells it; what a catalog cannot tell is written here. */
import type pg from "pg";

/** What is in a table, and with what its rows become more. */
interface Note {
  holds: string;
  grows: string;
}

const note = (holds: string, grows: string): Note => ({ holds, grows });

const definition = "with what people define";
const ofRuns = "with runs; goes when they are deleted, or old enough";

/** Of every table. */
export const notes: Readonly<Record<string, Note>> = {
  "access.api_key": note("API keys, as an HMAC of what was shown once", "with keys; at most 1,000 of a tenant that are not revoked"),
  "access.audit_head": note("where the chains of audits end", "with tenants and days"),
  "access.audit_link": note("the chains of audits: a link each row", "with every request, as access.request_audit"),
  "access.audit_unchained": note("audits that are in no chain yet", "while they wait, about a second"),
  "access.data_key": note("tenants' keys of their secrets, encrypted", "with tenants that have secrets"),
  "access.key_epoch": note("how often keys have changed, which routers ask twice a second", "never: one row"),
  "access.key_pepper": note("what the HMACs of keys are made with, encrypted", "with each change of the pepper"),
  "access.rate_count": note(
    "operations that keys have sent lately, where routers count together; unlogged",
    "with keys that are used; rows that are over are removed after a minute",
  ),
  "access.request_audit": note(
    "what was asked of the graph, by whom, and how it ended",
    "with every request; goes when it is old enough, where that is set",
  ),
  "access.secret": note("secrets by name, encrypted", "with secrets; at most 1,000 of a tenant"),
  "agent.agent": note("agents", definition),
  "agent.agent_version": note("their versions, which do not change once published", definition),
  "memory.idempotency": note(
    "which call an idempotency key was used for, and what came of it",
    "with calls that give a key; each new key removes up to 20 that are older than 30 days",
  ),
  "memory.embedding_tenant": note(
    "when somebody is to look after a tenant's memories that wait to be embedded, and by which model they are",
    "with tenants that remember something",
  ),
  "memory.memory_embedding": note("vectors of memories, and which wait for one", "with memories; goes with them"),
  "memory.memory": note("memories", "with what is remembered; whoever adds one removes up to 20 that have expired"),
  "memory.memory_word": note("their words, for the search", "with the words of memories"),
  "model.data_key": note("tenants' keys of their providers' keys, encrypted", "with tenants that have providers"),
  "model.model_call": note(
    "what each model call used",
    "with model calls, until AGENT_PLATFORM_RETENTION_MODEL_CALLS_DAYS; each call removes up to 20 that are older",
  ),
  "model.model_provider": note("providers, their keys encrypted", definition),
  "runtime.gate": note(
    "the lines of runs of which so many of one key are executed at once",
    "while runs that have a key wait or are executed",
  ),
  "runtime.data_key": note("tenants' keys of their webhooks' secrets, encrypted", "with tenants that have signed webhooks"),
  "runtime.schedule": note("when workflows are to run, and what came of it last", "with schedules; at most 10,000 of a tenant"),
  "runtime.webhook": note("addresses that make runs, their secrets encrypted", "with webhooks; at most 1,000 of a tenant"),
  "runtime.artifact": note("what a node run put out beside its output", ofRuns),
  "runtime.inbox": note("mail to a run that has an owner: cancels, answers, results from elsewhere", "while mail is unread"),
  "runtime.node_run": note("node runs: one row each, which is its span too", ofRuns),
  "runtime.outbox": note("what sessions and other runs are still to be told", "while the session subgraph, or every API process, is away"),
  "runtime.plan": note("what runs execute, frozen, each document once", "with versions that have run"),
  "runtime.removal": note("deleted runs whose other rows are still to be removed", "while deleted runs are removed"),
  "runtime.tenant_quota": note("what a tenant may have, where it is not what everybody may", "with tenants that were given their own"),
  "runtime.tenant_usage": note("bytes of artifacts that a tenant has", "with tenants that have stored an artifact"),
  "runtime.usage_mark": note("up to which artifact they are counted", "never: one row"),
  "runtime.run": note("runs", ofRuns),
  "runtime.run_story": note("what subscribers are told of a run, in its order", ofRuns),
  "runtime.trace_span": note("spans within node runs, such as calls of models and tools", ofRuns),
  "runtime.work": note("the queue: runs that are due or owned, and nodes that are offered to any worker", "while work waits"),
  "session.idempotency": note(
    "which call an idempotency key was used for, and what came of it",
    "with calls that give a key; each new key removes up to 20 that are older than 30 days",
  ),
  "session.message": note("messages of conversations", "with conversations; nothing removes it yet"),
  "session.run_request": note("what was asked for, of which a run is made, at once or later", "with conversations; nothing removes it yet"),
  "session.session": note("conversations", "with conversations; nothing removes it yet"),
  "skill.idempotency": note(
    "which import of a folder an idempotency key was used for, and what came of it",
    "with imports that give a key; each new key removes up to 20 that are older than 30 days",
  ),
  "skill.skill": note("skills", definition),
  "skill.skill_file": note("what is in skills that are folders", "with folders that are imported: at most 3 MiB of a version"),
  "skill.skill_installation": note("for whom skills are installed", definition),
  "skill.skill_version": note("their versions, which do not change once published", definition),
  "team.team": note("teams", definition),
  "team.team_member": note("who is in which version of a team", definition),
  "team.team_version": note("their versions, which do not change once published", definition),
  "tool.data_key": note("tenants' keys of their secret headers, encrypted", "with tenants that have tools"),
  "tool.tool": note("tools", definition),
  "tool.tool_binding": note("where a tool is called and with what, secrets encrypted", definition),
  "tool.tool_version": note("their versions, which do not change once published", definition),
  "workflow.app": note("apps", definition),
  "workflow.app_version": note("versions of apps", definition),
  "workflow.workflow": note("workflows", definition),
  "workflow.workflow_version": note("their documents, which do not change once published", definition),
};

interface Table {
  schema: string;
  name: string;
  isTenantsOwn: boolean;
  columns: { name: string; type: string; isNull: boolean; default: string | null }[];
  indexes: { name: string; definition: string; isPrimary: boolean }[];
  references: string[];
}

const catalog = `
select n.nspname as schema, c.relname as name, c.relrowsecurity as "isTenantsOwn",
  (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'isNull', not a.attnotnull,
      'default', pg_get_expr(d.adbin, d.adrelid)) order by a.attnum)
    from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  coalesce((select json_agg(json_build_object('name', ic.relname, 'definition', pg_get_indexdef(i.indexrelid), 'isPrimary', i.indisprimary)
      order by not i.indisprimary, ic.relname) from pg_index i join pg_class ic on ic.oid = i.indexrelid where i.indrelid = c.oid), '[]') as indexes,
  coalesce((select json_agg(pg_get_constraintdef(f.oid) order by f.conname) from pg_constraint f where f.conrelid = c.oid and f.contype = 'f'), '[]')
    as references
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname !~ '^(pg_|information_schema$)' and c.relname <> 'migration'
order by 1, 2`;

/** Every table that the migrations make. */
export async function tablesOf(client: pg.Client): Promise<Table[]> {
  return (await client.query<Table>(catalog)).rows;
}

/** The page. */
export function databaseDocument(tables: readonly Table[]): string {
  const schemas = [...Map.groupBy(tables, ({ schema }) => schema)];
  const sections = schemas.map(([schema, own]) => [`## ${schema}`, owner(schema), ...own.map(tableText)].join("\n\n"));
  return `${[intro, ...sections].join("\n\n")}\n`;
}

const intro = `# Database

Generated from the migrations: \`UPDATE_DOCS=1 npm test -- tests/docs/database\`. Do not edit.

Each subgraph has a schema of its own, which it alone reads and writes; with the runtime's the engine's role works too, and the router has \`access\`. No key leads from one
schema to another. A table whose rows are a tenant's own is behind row-level security, forced upon its owner too ([ADR 0007](adr/0007-row-level-security-with-the-tenant-in-begin.md)).
Each schema also has a table \`migration\`: which of its migrations have run.`;

function owner(schema: string): string {
  return schema === "access" ? "Owned by the router." : `Owned by the subgraph ${schema}.`;
}

function tableText({ schema, name, isTenantsOwn, columns, indexes, references }: Table): string {
  const told = notes[`${schema}.${name}`];
  const rows = columns.map((column) => [
    `\`${column.name}\``,
    column.type,
    column.isNull ? "yes" : "",
    column.default && `\`${column.default}\``,
  ]);
  return [
    `### ${schema}.${name}`,
    `Holds ${told?.holds}. Grows ${told?.grows}. ${isTenantsOwn ? "Behind row-level security." : "Of no tenant."}`,
    grid(["column", "type", "null", "default"], rows),
    [...indexes.map(indexText), ...references.map((text) => `- ${text.toLowerCase()}`)].join("\n"),
  ].join("\n\n");
}

function indexText({ name, definition: text, isPrimary }: Table["indexes"][number]): string {
  const on = text.replace(/^CREATE (UNIQUE )?INDEX .* USING /, "");
  if (isPrimary) return `- primary key ${on.replace(/^btree /, "")}`;
  return `- ${text.startsWith("CREATE UNIQUE") ? "unique " : ""}\`${name}\`: ${on.replaceAll("|", "\\|")}`;
}

/** As prettier sets a table. */
function grid(head: readonly string[], rows: readonly (readonly (string | null)[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => (cell ?? "").replaceAll("|", "\\|")));
  const widths = head.map((_, at) => Math.max(3, ...cells.map((row) => row[at]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(" | ")} |`;
  return [line(cells[0]!), line(widths.map((width) => "-".repeat(width))), ...cells.slice(1).map(line)].join("\n");
}
