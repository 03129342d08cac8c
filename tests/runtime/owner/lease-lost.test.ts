import type pg from "pg";
import { pino } from "pino";
import { runClaim } from "../../../subgraphs/runtime/queue/claim.sql.ts";
import { leasesRenew } from "../../../subgraphs/runtime/queue/renew.sql.ts";
import type { NodePorts } from "../../../subgraphs/runtime/nodes/executor.ts";
import type { Queryable } from "../../../subgraphs/runtime/queue/statement.ts";
import type { Release } from "../../../subgraphs/runtime/owner/run-host.ts";
import { RunOwner } from "../../../subgraphs/runtime/owner/run-owner.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

describe("a renewal between a run's last flush and its answer", () => {
  it("finds no lease, and does not take the run for lost", async () => {
    const t = await EngineFixture.open();
    const stored = Promise.withResolvers<void>();
    const mayAnswer = Promise.withResolvers<void>();
    // Holds the answer of the flush back; it is stored by then.
    const slow = {
      async query(statement: pg.QueryConfig) {
        const result = await t.pool.query(statement);
        if (statement.name?.startsWith("flush") !== true) return result;
        stored.resolve();
        await mayAnswer.promise;
        return result;
      },
    } as unknown as Queryable;
    const parts = { hints: t.hints, log: pino({ level: "silent" }), executors: t.executors, ports: {} as NodePorts };
    const owner = new RunOwner({ ...parts, db: slow, gates: { wanted: () => {} }, slots: 4, offersNodes: false, maxCrashes: 3 });
    const runId = await t.create(plan([node("a", "pure")]), { execution: "MANUAL" });
    const claim = await runClaim(t.pool, { runId, tenantId: "acme", worker: "me", leaseMs: 30_000, orphansAllowed: false });
    const left = new Promise<Release>((resolve) => {
      void owner.adopt([claim!], { policy: { kind: "steps", max: 4 }, workerKey: "me", left: resolve });
    });
    await stored.promise;
    const leases = owner.leases();
    const answers = await leasesRenew(t.pool, leases);
    expect(answers.map(({ key, mine }) => [key, mine])).toEqual([[runId, false]]);
    expect(owner.leasesLost(leases)).toBe(0);
    mayAnswer.resolve();
    expect(await left).toMatchObject({ kind: "rested", rest: "end", executed: ["a"] });
    // The renewal of a moment ago may ask about it still: none was lost that was held.
    expect(owner.leasesLost(leases)).toBe(0);
    owner.close();
  });
});
