import type pg from "pg";

const lookEveryMs = 200;

/** The most connections of clients that a server had at once, and whose they were then. */
export interface MostConnections {
  count: number;
  story: string;
}

/** Counts a server's connections again and again until it is stopped. @param admin  a superuser's, which is not counted. */
export function watchConnections(admin: pg.Client): { stop(): Promise<MostConnections> } {
  let most: MostConnections = { count: 0, story: "none" };
  let isStopped = false;
  const look = async () => {
    const { rows } = await admin.query<{ name: string; count: number }>(
      `select application_name as name, count(*)::int as count from pg_stat_activity
       where backend_type = 'client backend' and pid <> pg_backend_pid() group by 1 order by 2 desc, 1`,
    );
    const count = rows.reduce((sum, row) => sum + row.count, 0);
    if (count > most.count) most = { count, story: `${count}: ${rows.map((row) => `${row.count} ${row.name}`).join(", ")}` };
  };
  const looking = (async () => {
    while (!isStopped) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
    await look();
  })();
  return {
    async stop() {
      isStopped = true;
      await looking;
      return most;
    },
  };
}
