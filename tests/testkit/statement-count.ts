import pg from "pg";

/** Statements that a database has executed, told by the database itself: no way around it, whichever pool or driver they took. */
export interface StatementCount extends AsyncDisposable {
  /** Forgets what was executed so far. */
  reset(): Promise<void>;
  /** What was executed since, by text; `query` of a statement has its constants replaced by $1, $2 … */
  read(): Promise<{ query: string; calls: number }[]>;
}

// What runs beside the requests: looks for work, for memories to embed, for lines to open and for what is to be removed or counted, renews leases, stores and chains audits, sends hints, asks for the time; what a new connection is asked. Of a commit nobody can tell whose it is; what began it is counted.
const beside =
  /outbox|embedding_tenant t|from runtime\.gate where|set_config\(\$1, \$2, \$3\), \$4$|runtime\.work |runtime\.schedule s|runtime\.(removal|usage)|pg_is_in_recovery|synchronous_commit|request_audit|audit_(unchained|link|head)|audit-chain|pg_try_advisory|read committed$|^commit$|pg_notify|"nowMs"$|pg_stat_statements/;

/**
 * Counts what is executed in a test's database from now on.
 *
 * @param adminUrl  of the superuser.
 */
export async function countStatements(adminUrl: string): Promise<StatementCount> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query("create extension if not exists pg_stat_statements");
  const ofThis = "(select oid from pg_database where datname = current_database())";
  return {
    async reset() {
      await admin.query(`select pg_stat_statements_reset(0, ${ofThis}, 0)`);
    },
    async read() {
      const { rows } = await admin.query<{ query: string; calls: number }>(
        `select query, sum(calls)::int as calls from pg_stat_statements where dbid = ${ofThis} group by query order by query`,
      );
      return rows.filter(({ query }) => !beside.test(query));
    },
    [Symbol.asyncDispose]: () => admin.end(),
  };
}
