import { chain, setup } from "./setup.ts";

const cancelRuns = `mutation($filter: CancelRunsFilter!, $reason: String, $after: ID) {
  cancelRuns(filter: $filter, reason: $reason, after: $after) { accepted cursor } }`;

describe("cancelRuns", () => {
  it("cancels what matches, says how many, and does it once", async () => {
    const t = await setup();
    const ids = [await t.create(chain("a")), await t.create(chain("a"))];
    const other = await t.create(chain("a"));
    expect(await t.ask(cancelRuns, { filter: { ids }, reason: "enough" })).toEqual({ cancelRuns: { accepted: 2, cursor: null } });
    expect(await t.ask(cancelRuns, { filter: { ids } })).toEqual({ cancelRuns: { accepted: 0, cursor: null } });
    expect(await t.ask(cancelRuns, { filter: { ids: [other], status: ["WAITING"] } })).toEqual({
      cancelRuns: { accepted: 0, cursor: null },
    });
    expect(await t.ask(cancelRuns, { filter: { status: ["QUEUED"] } })).toMatchObject({ cancelRuns: { accepted: 1 } });
  });

  it("never means all by accident", async () => {
    const t = await setup();
    await t.create(chain("a"));
    for (const filter of [{}, { all: false }, { appId: null, status: null, ids: null }])
      expect(await t.refusal(cancelRuns, { filter })).toMatchObject({ code: "BAD_USER_INPUT", reason: "RUNS_NOT_NAMED", field: "filter" });
    expect(await t.ask(cancelRuns, { filter: { ids: [] } })).toMatchObject({ cancelRuns: { accepted: 0 } });
    expect(await t.ask(cancelRuns, { filter: { all: true } })).toMatchObject({ cancelRuns: { accepted: 1 } });
  });

  it("knows no run of another tenant, and none with an id that cannot be", async () => {
    const t = await setup();
    const id = await t.create(chain("a"));
    for (const filter of [{ ids: [id] }, { all: true }])
      expect(await t.ask(cancelRuns, { filter }, { tenantId: "t2" })).toMatchObject({ cancelRuns: { accepted: 0 } });
    for (const filter of [{ ids: ["\u0000"] }, { appId: "\u0000" }, { all: true, sessionId: "a\u0000" }])
      expect(await t.ask(cancelRuns, { filter })).toEqual({ cancelRuns: { accepted: 0, cursor: null } });
    expect(await t.ask(cancelRuns, { filter: { all: true }, after: "\u0000" })).toMatchObject({ cancelRuns: { accepted: 0 } });
  });

  it("refuses more than a thousand ids, and reasons that are too long", async () => {
    const t = await setup();
    const ids = Array.from({ length: 1_001 }, (_, index) => `id-${index}`);
    expect(await t.refusal(cancelRuns, { filter: { ids } })).toMatchObject({ reason: "LIST_TOO_LONG", length: 1_001, max: 1_000 });
    expect(await t.refusal(cancelRuns, { filter: { all: true }, reason: "x".repeat(1_001) })).toMatchObject({ reason: "TEXT_TOO_LONG" });
  });
});
