import type { Db } from "#shared/db/database.ts";
import type { JsonObject } from "#shared/json.ts";

/** Skills that an agent is offered: its own by their ids, and what is installed in places. */
export interface OfferQuestion {
  skillIds: readonly string[];
  places: readonly { installScope: string; scopeId: string }[];
}

/** One of them, with its published version; null where it has none, and where there is no room for it. */
export interface OfferedSkillRow {
  id: string;
  code: string;
  name: string;
  description: string | null;
  /** false: it is one of the asked ids. */
  installed: boolean;
  archived: boolean;
  deleted: boolean;
  versionId: string | null;
  runtimeType: string | null;
  /** Whether it, with those before it, is larger than an agent may be offered. */
  beyond: boolean;
  parameterSchema: JsonObject | null;
  outputSchema: JsonObject | null;
  implementation: JsonObject | null;
}

/** Of one place: more than an agent is offered. */
const mostOfPlace = 200;
/** Rows that are told of at all; an agent's own are at most 128. */
const mostRows = 200;
/** Bytes of what is frozen into one agent. */
const mostBytes = 512 * 1024;

// Installations by skill_installation_scope, skills by their key, versions by skill_version_published.
const text = `with asked as (
    select x.id, 0 as source, x.place from unnest($1::text[]) with ordinality x(id, place)
    union all
    select i.skill_id, x.source::int, i.place from unnest($2::text[], $3::text[]) with ordinality x(scope, scope_id, source)
    cross join lateral (
      select i.skill_id, row_number() over (order by s.code) as place from skill.skill_installation i
      join skill.skill s on s.tenant_id = $4 and s.id = i.skill_id
      where i.tenant_id = $4 and i.install_scope = x.scope and i.scope_id = x.scope_id and i.status = 'ACTIVE' order by s.code limit ${mostOfPlace}
    ) i
  ), once as (select distinct on (id) id, source, place from asked order by id, source, place),
  found as (
    select s.id, s.code, s.name, s.description, o.source, o.place, s.status = 'ARCHIVED' as archived, s.deleted_at is not null as deleted, v.*
    from once o cross join lateral (select * from skill.skill s where s.tenant_id = $4 and s.id = o.id limit 1) s
    left join lateral (
      select p.id as version_id, p.runtime_type, p.parameter_schema, p.output_schema, p.implementation,
        octet_length(p.parameter_schema::text) + octet_length(p.output_schema::text) + octet_length(p.implementation::text) as bytes
      from skill.skill_version p where p.tenant_id = $4 and p.skill_id = o.id and p.status = 'PUBLISHED' order by p.published_at desc limit 1
    ) v on true
    order by o.source, o.place limit ${mostRows}
  ), sized as (select f.*, coalesce(sum(f.bytes) over (order by f.source, f.place), 0) > ${mostBytes} as beyond from found f)
  select id, code, name, description, source > 0 as installed, archived, deleted, version_id as "versionId", runtime_type as "runtimeType", beyond,
    case when not beyond then parameter_schema end as "parameterSchema", case when not beyond then output_schema end as "outputSchema",
    case when not beyond then implementation end as implementation
  from sized order by source, place`;

/** Each skill once, in the order of the ids and then of the places; in a place by code. */
export function offeredSkills(db: Db, { skillIds, places }: OfferQuestion): Promise<OfferedSkillRow[]> {
  const values = [[...skillIds], places.map(({ installScope }) => installScope), places.map(({ scopeId }) => scopeId), db.tenantId];
  return db.query<OfferedSkillRow>({ name: "offered_skills", text, values, isShared: true });
}
