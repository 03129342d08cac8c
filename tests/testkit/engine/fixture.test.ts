import { EngineFixture } from "./fixture.ts";
import { node, plan } from "./plan.ts";

describe("an engine fixture", () => {
  it("is closed when its test has ended, and tells what that has broken, of each that it made", async () => {
    const broken = await EngineFixture.open();
    const sound = await EngineFixture.open();
    const runId = await broken.create(plan([node("a", "pure")]));
    await broken.pool.query("update runtime.run set lease = gen_random_uuid() where id = $1", [runId]);
    await expect(EngineFixture.closeAll()).rejects.toThrow(/^invariants broken\nI1 .*: /);
    for (const { pool } of [broken, sound]) expect(pool.ended).toBe(true);
    // Nothing is left for the end of this test.
    await EngineFixture.closeAll();
  });
});
