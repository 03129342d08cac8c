/** Statements on the counts that routers share. They run as the engine, by the database's clock. */

/** A count as it is now. */
export interface CountRow {
  points: number;
  /** Until its window ends. */
  leftMs: number;
}

/** Adds to a count, or begins it anew where its window is over: index rate_count_pkey. */
export const countsAdd = `insert into access.rate_count as counted (tenant_id, subject, points, ends_at)
  values ($1, $2, $3, statement_timestamp() + $4 * interval '1 ms')
  on conflict (tenant_id, subject) do update set
    points = case when counted.ends_at <= statement_timestamp() then excluded.points else counted.points + excluded.points end,
    ends_at = case when counted.ends_at <= statement_timestamp() then excluded.ends_at else counted.ends_at end
  returning points, (extract(epoch from ends_at - statement_timestamp()) * 1000)::float8 "leftMs"`;

/** Deletes counts whose windows have been over for a while, so many at once: index rate_count_end. */
export const countsClean = `delete from access.rate_count where (tenant_id, subject) in (
  select tenant_id, subject from access.rate_count where ends_at < statement_timestamp() - interval '1 minute' order by ends_at limit 1000
  for update skip locked)`;
