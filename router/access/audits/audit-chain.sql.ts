/** Statements of the chain of audits. They run as the engine. */

/** Nobody else goes on with chains until the transaction ends; another router that finds it taken leaves it. */
export const chainLock = `select pg_try_advisory_xact_lock(hashtextextended('agent-platform/audit-chain', 0)) "isMine"`;

/** How long the outcome of a change is waited for, before its row is chained without; the longest operation takes less. */
const openMinutes = 30;

/**
 * Takes rows that are not chained. `$1` how many. Index: primary key of both. The limits within keep the planner from the other way round, from the audits to those of
 * them that wait: it took that where many waited, and each batch then read all audits that there are (0.5 s of 90,000; November 2026).
 */
export const unchainedTake = `
  delete from access.audit_unchained where audit_id = any(array(
    select unchained.audit_id
    from access.audit_unchained unchained, lateral (
      select from access.request_audit audit
      where audit.id = unchained.audit_id and (audit.status_code <> 0 or audit.created_at < now() - interval '${openMinutes} minutes')
      limit 1
    ) due
    order by unchained.audit_id
    limit $1
  )) returning audit_id "auditId"`;

/** What of a row never changes, and how it ended: the same text for the same row on every server. */
const fixedText = `jsonb_build_array(audit.id, audit.tenant_id, audit.request_id, audit.api_key_id, audit.operation_name, audit.operation_type,
  audit.operation_hash, audit.root_fields, audit.variables, audit.client_ip, audit.user_agent,
  to_char(audit.created_at at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS.US'))::text`;
const outcomeText = "jsonb_build_array(audit.status_code, audit.error_codes, audit.duration_ms, audit.event, audit.details)::text";

const dayText = "(audit.created_at at time zone 'utc')::date::text";

/** A row as it is chained. */
export interface ChainableRow {
  auditId: string;
  tenantId: string;
  /** Of when it began, UTC: 2026-11-28. */
  day: string;
  isOpen: boolean;
  fixed: string;
  outcome: string;
}

/** Rows as they are now: a statement of its own, for one of a moment before may not see them so. `$1` ids. */
export const chainableRead = `
  select audit.id "auditId", audit.tenant_id "tenantId", ${dayText} as day, audit.status_code = 0 "isOpen", ${fixedText} fixed, ${outcomeText} outcome
  from access.request_audit audit where audit.id = any($1::text[]) order by audit.tenant_id, day, audit.id`;

/** Where a chain ends. */
export interface ChainEnd {
  tenantId: string;
  day: string;
  seq: string;
  hash: Buffer;
}

/** The last links of chains. `$1` tenants, `$2` days, one of each for a chain. Index: primary key. */
export const chainEnds = `
  select chain.tenant_id "tenantId", chain.day::text as day, link.seq, link.hash
  from unnest($1::text[], $2::date[]) as chain(tenant_id, day),
    lateral (select seq, hash from access.audit_link l where l.tenant_id = chain.tenant_id and l.day = chain.day order by seq desc limit 1) link`;

/** Stores links: columns as lists. */
export const linksInsert = `
  insert into access.audit_link (tenant_id, day, seq, audit_id, is_open, fixed_hash, row_hash, hash)
  select * from unnest($1::text[], $2::date[], $3::bigint[], $4::text[], $5::boolean[], $6::bytea[], $7::bytea[], $8::bytea[])`;

/** Stores where chains end now. */
export const headsUpsert = `
  insert into access.audit_head (tenant_id, day, seq, mac) select * from unnest($1::text[], $2::date[], $3::bigint[], $4::bytea[])
  on conflict (tenant_id, day) do update set seq = excluded.seq, mac = excluded.mac`;

/** A chain that is there, by its head or its links. */
export interface KnownChain {
  tenantId: string;
  day: string;
}

/** Chains behind one, in their order. `$1` tenant or null, `$2`, `$3` the one before, `$4` how many, `$5` the first moment of the days that are wanted, or null. */
export const chainsRead = `
  select chain.tenant_id "tenantId", chain.day::text as day
  from (select tenant_id, day from access.audit_link union select tenant_id, day from access.audit_head) chain
  where ($1::text is null or chain.tenant_id = $1) and (chain.tenant_id, chain.day) > ($2::text, $3::date)
    and ($5::timestamptz is null or chain.day >= ($5::timestamptz at time zone 'utc')::date)
  order by chain.tenant_id, chain.day limit $4`;

/** Where a chain ends: what its head says, and its last link. Null: there is none. */
export interface ChainEnd {
  headSeq: string | null;
  mac: Buffer | null;
  lastSeq: string | null;
}

/** A chain's end, head and link as of one moment: it grows while it is read. `$1` tenant, `$2` day. Index: primary keys. */
export const chainEndRead = `
  select head.seq "headSeq", head.mac, (select max(link.seq) from access.audit_link link where link.tenant_id = $1 and link.day = $2) "lastSeq"
  from (select) one left join access.audit_head head on head.tenant_id = $1 and head.day = $2`;

/** A link with what it is to be held against. */
export interface StoredLink {
  seq: string;
  auditId: string;
  isOpen: boolean;
  fixedHash: Buffer;
  rowHash: Buffer;
  hash: Buffer;
  /** Of the row, as it is now. */
  fixed: string;
  outcome: string;
  /** There is no such row. */
  isRemoved: boolean;
  /** A later link is of the same row, or will be. */
  isSuperseded: boolean;
  /** The link of the same row before this one, where there is one. */
  priorIsOpen: boolean | null;
  priorFixedHash: Buffer | null;
}

/** A chain's links behind one. `$1` tenant, `$2` day, `$3` the one before, `$4` how many. Index: primary key, audit_link_row. */
export const linksRead = `
  select link.seq, link.audit_id "auditId", link.is_open "isOpen", link.fixed_hash "fixedHash", link.row_hash "rowHash", link.hash,
    ${fixedText} fixed, ${outcomeText} outcome, audit.id is null "isRemoved",
    link.is_open and (exists (select from access.audit_unchained u where u.audit_id = link.audit_id)
      or exists (select from access.audit_link later where later.audit_id = link.audit_id and later.seq > link.seq)) "isSuperseded",
    prior.is_open "priorIsOpen", prior.fixed_hash "priorFixedHash"
  from access.audit_link link
    left join access.request_audit audit on audit.id = link.audit_id
    left join lateral (
      select p.is_open, p.fixed_hash from access.audit_link p where p.audit_id = link.audit_id and p.seq < link.seq order by p.seq desc limit 1
    ) prior on true
  where link.tenant_id = $1 and link.day = $2 and link.seq > $3
  order by link.seq limit $4`;

/** Rows that stand in no chain and wait for none. `$1` tenant or null, `$2` the id before, `$3` how many, `$4` the first moment that is wanted, or null. */
export const strangersRead = `
  select audit.id "auditId", audit.tenant_id "tenantId", ${dayText} as day
  from access.request_audit audit
  where audit.id > $2 and ($1::text is null or audit.tenant_id = $1) and ($4::timestamptz is null or audit.created_at >= $4)
    and not exists (select from access.audit_link link where link.audit_id = audit.id)
    and not exists (select from access.audit_unchained unchained where unchained.audit_id = audit.id)
  order by audit.id limit $3`;
