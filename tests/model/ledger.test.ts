import { query } from "../testkit/admin-query.ts";
import { createTestDatabase, type TestDatabase } from "../testkit/database.ts";
import { ask } from "../testkit/graph.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { startScriptedProvider, type ScriptedProvider } from "../testkit/scripted-provider.ts";
import { withClockSet } from "../testkit/set-clock.ts";

let database: TestDatabase;
let platform: TestPlatform;
let model: ScriptedProvider;
beforeAll(async () => {
  model = await startScriptedProvider();
  database = await createTestDatabase();
  const on = { database, encryptionKey: "ab".repeat(32) };
  platform = await startTestPlatform({
    on,
    env: { providerBaseUrl: model.baseUrl, defaultModel: "scripted-model", retentionModelCallsDays: 30 },
    workers: 0,
  });
});
afterAll(async () => {
  await platform.stop();
  await model.close();
  await database.drop();
});

const complete = (caller?: object, headers?: Record<string, string>) =>
  platform.post(
    `mutation ($input: ChatCompletionInput!) { chatCompletion(input: $input) { content } }`,
    { input: { messages: [{ role: "USER", content: "Hi" }], caller } },
    headers,
  );
const ledger = async (runId: string, headers?: Record<string, string>) => {
  const query = `query ($runId: ID!) { modelCalls(runId: $runId) { nodes { callId runId nodeRunId model outcome errorReason promptTokens cachedTokens
    completionTokens reasoningTokens } } modelUsage(runId: $runId) { key calls promptTokens completionTokens errors } }`;
  return ask<{ modelCalls: { nodes: object[] }; modelUsage: object[] }>(platform, query, { runId }, headers);
};

describe("the ledger of model calls", () => {
  it("has a call when its answer is there, and one with the same id once", async () => {
    const caller = { callId: "r1:n:1", runId: "r1", nodeRunId: "r1:n" };
    await complete(caller);
    await complete(caller);
    await complete({ ...caller, callId: "r1:n:2" });
    const { modelCalls, modelUsage } = await ledger("r1");
    expect(modelCalls.nodes).toMatchObject([{ callId: "r1:n:2" }, { callId: "r1:n:1", runId: "r1", nodeRunId: "r1:n" }]);
    expect(modelCalls.nodes[0]).toMatchObject({ model: "scripted-model", outcome: "COMPLETED", promptTokens: 7, completionTokens: 3 });
    expect(modelUsage).toEqual([{ key: "scripted-model", calls: 2, promptTokens: 14, completionTokens: 6, errors: 0 }]);
  });

  it("counts calls without an id each, and says why one failed", async () => {
    model.chat({ status: 400, json: {} });
    await complete({ runId: "r2" });
    model.reset();
    await complete({ runId: "r2" });
    const { modelCalls, modelUsage } = await ledger("r2");
    expect(modelCalls.nodes).toMatchObject([
      { outcome: "COMPLETED", callId: null },
      { outcome: "FAILED", errorReason: expect.stringMatching(/^MODEL_/) as string, promptTokens: 0 },
    ]);
    expect(modelUsage).toMatchObject([{ calls: 2, errors: 1 }]);
  });

  it.each([-400, 400])(
    "says when a call was by the database's clock, by which calls are removed: not by this machine's, %d days beside it",
    async (days) => {
      const runId = `beside${days}`;
      await withClockSet(days * 86_400_000, () => complete({ runId }));
      const found = await query(
        database.adminUrl,
        "select abs(extract(epoch from now() - created_at)) < 60 as near from model.model_call where run_id = $1",
        [runId],
      );
      expect(found).toEqual([{ near: true }]);
    },
  );

  it("keeps a call for so many days, until the next call of its tenant, which removes no other's", async () => {
    await complete({ runId: "old" });
    await complete({ runId: "old" }, { "x-tenant-id": "t3" });
    await query(database.adminUrl, "update model.model_call set created_at = now() - interval '29 days' where run_id = 'old'");
    await complete({ runId: "new" });
    expect((await ledger("old")).modelCalls.nodes).toHaveLength(1);
    await query(database.adminUrl, "update model.model_call set created_at = now() - interval '31 days' where run_id = 'old'");
    await complete({ runId: "new" });
    expect((await ledger("old")).modelCalls.nodes).toHaveLength(0);
    expect((await ledger("new")).modelCalls.nodes).toHaveLength(2);
    expect((await ledger("old", { "x-tenant-id": "t3" })).modelCalls.nodes).toHaveLength(1);
  });

  it("is each tenant's own, whatever ids their callers choose", async () => {
    const caller = { callId: "same", runId: "r3" };
    await complete(caller);
    await complete(caller, { "x-tenant-id": "t2" });
    for (const headers of [{ "x-tenant-id": "t1" }, { "x-tenant-id": "t2" }])
      expect((await ledger("r3", headers)).modelCalls.nodes).toHaveLength(1);
  });

  it("has a call of a model whose name cannot be stored, and at once", async () => {
    const query = `mutation ($input: ChatCompletionInput!) { chatCompletion(input: $input) { content } }`;
    await platform.post(query, { input: { model: "odd\u0000name", messages: [{ role: "USER", content: "Hi" }], caller: { runId: "r4" } } });
    expect((await ledger("r4")).modelCalls.nodes).toMatchObject([{ model: "odd\ufffdname" }]);
  });

  it("refuses an id that cannot be kept", async () => {
    for (const callId of ["\u6f22".repeat(301), "a\u0000b"])
      expect((await complete({ callId })).errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", field: "caller.callId" });
    const { errors } = await complete({ callId: "" });
    expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", field: "caller.callId" });
  });
});
