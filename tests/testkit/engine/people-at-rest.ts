/** Runs that wait for persons, in an engine of its own: none holds anything in its worker, and those that are answered go on. */
import { eventually } from "../eventually.ts";
import { EngineFixture } from "./fixture.ts";
import { node, plan } from "./plan.ts";

/** Lets so many runs wait, and answers some of them, one after the other. */
export async function peopleAtRest({ runs, answered }: { runs: number; answered: number }): Promise<void> {
  const t = await EngineFixture.open();
  const document = plan([node("ask", "person"), node("done", "pure")], ["ask>done"]);
  const ids: string[] = [];
  while (ids.length < runs) ids.push(...(await Promise.all(Array.from({ length: 200 }, () => t.create(document)))));
  const worker = t.worker();
  const statuses = async () =>
    (await t.pool.query<{ status: number; count: number }>("select status, count(*)::int as count from runtime.run group by 1 order by 1"))
      .rows;
  await eventually(statuses, (rows) => rows.length === 1 && rows[0]?.status === 2);
  // Neither a lease nor a place in the queue.
  const { rows } = await t.pool.query(
    "select (select count(*)::int from runtime.run where lease is not null) as leases, (select count(*)::int from runtime.work) as work",
  );
  expect(rows).toEqual([{ leases: 0, work: 0 }]);
  await eventually(
    () => worker.heldBytes,
    (bytes) => bytes === 0,
  );
  for (const runId of ids.slice(0, answered)) {
    const posted = await t.control.answerNode({ tenantId: "acme", runId, path: "ask", outcome: { kind: "completed" }, by: "ann" });
    expect(["applied", "accepted"]).toContain(posted);
  }
  const ended = await eventually(statuses, (seen) => seen.some(({ status, count }) => status === 3 && count === answered));
  expect(ended).toEqual([
    { status: 2, count: runs - answered },
    { status: 3, count: answered },
  ]);
}
