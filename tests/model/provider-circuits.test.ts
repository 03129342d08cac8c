import type { AppError } from "#shared/errors.ts";
import { modelErrors } from "../../subgraphs/model/errors.ts";
import { ProviderCircuits } from "../../subgraphs/model/providers/provider-circuits.ts";
import { startScriptedProvider, type ScriptedProvider } from "../testkit/scripted-provider.ts";
import { complete, createProvider, hello, openModelTest, type ModelTest } from "./setup.ts";

let t: ModelTest;
let lost: ScriptedProvider;
let other: ScriptedProvider;
beforeAll(async () => {
  [lost, other] = await Promise.all([startScriptedProvider(), startScriptedProvider()]);
  t = await openModelTest({ egressAllow: [lost.hostPort, other.hostPort] });
});
beforeEach(() => {
  lost.reset();
  other.reset();
});
afterAll(async () => {
  await t.close();
  await Promise.all([lost.close(), other.close()]);
});

const facts = { provider: "p", retryable: true, effectUnknown: false };
const down = modelErrors.MODEL_PROVIDER_FAILED({ ...facts, status: 503, providerMessage: "down" });
const errors = {
  down,
  unreachable: modelErrors.MODEL_PROVIDER_UNREACHABLE({ ...facts, problem: "refused" }),
  late: modelErrors.MODEL_PROVIDER_TIMEOUT({ ...facts, phase: "FIRST_BYTE", deadlineMs: 60_000 }),
  impatient: modelErrors.MODEL_PROVIDER_TIMEOUT({ ...facts, phase: "TOTAL", deadlineMs: 50 }),
  refused: modelErrors.MODEL_REQUEST_REFUSED({ ...facts, status: 400, model: "m", providerMessage: "no" }),
  conflict: modelErrors.MODEL_PROVIDER_FAILED({ ...facts, status: 409, providerMessage: "no" }),
  told: modelErrors.MODEL_PROVIDER_FAILED({ ...facts, status: null, providerMessage: "overloaded" }),
  broken: modelErrors.MODEL_PROVIDER_UNREACHABLE({ ...facts, problem: "the stream ended before the completion did", answered: true }),
  full: modelErrors.MODEL_PROVIDER_RATE_LIMITED({ ...facts, status: 429, providerMessage: "no" }),
  cancelled: modelErrors.MODEL_CALL_CANCELLED({ ...facts, retryable: false }),
};

/** Circuits with a clock of their own. */
function circuits() {
  const clock = { ms: 0 };
  const circuits = new ProviderCircuits(() => clock.ms);
  const all = { enter: (key: string, code: string, tenantId = "t") => circuits.enter({ tenantId, key }, code) };
  const fail = (error: unknown = down, key = "k", tenantId?: string) => {
    const pass = all.enter(key, "p", tenantId);
    pass.failed(error);
    pass.left();
  };
  const succeed = (key = "k") => {
    const pass = all.enter(key, "p");
    pass.answered();
    pass.left();
  };
  const refusal = (key = "k", tenantId?: string): AppError | undefined => {
    try {
      all.enter(key, "p", tenantId).left();
      return undefined;
    } catch (error) {
      return error as AppError;
    }
  };
  const times = (count: number, work: () => void) => Array.from({ length: count }, work);
  return { all, clock, fail, succeed, refusal, times };
}

describe("a provider's circuit", () => {
  it.each<[string, unknown, boolean]>([
    ["a failure of its own", errors.down, true],
    ["nobody there", errors.unreachable, true],
    ["silence", errors.late, true],
    ["a caller who waits for 50 ms", errors.impatient, false],
    ["a refusal", errors.refused, false],
    ["a conflict", errors.conflict, false],
    ["an error within an answer", errors.told, false],
    ["an answer that broke off", errors.broken, false],
    ["too many requests", errors.full, false],
    ["a caller who has gone", errors.cancelled, false],
    ["a bug", new Error("bug"), false],
  ])("counts %s: %#", (_name, error, isCounted) => {
    const { fail, refusal, times } = circuits();
    times(10, () => fail(error));
    expect(refusal()?.reason).toBe(isCounted ? "MODEL_PROVIDER_CIRCUIT_OPEN" : undefined);
  });

  it("opens after ten failures with nothing answered between them, for that key alone, and says for how long", () => {
    const { fail, succeed, refusal, times } = circuits();
    times(9, () => fail());
    succeed();
    times(9, () => fail());
    expect(refusal()).toBeUndefined();
    fail();
    expect(refusal()?.facts).toMatchObject({ failures: 10, retryAfterMs: 10_000, retryable: true, effectUnknown: false });
    expect(refusal("other")).toBeUndefined();
  });

  it("forgets failures of long ago, and is not closed by a caller who has gone", () => {
    const { clock, fail, refusal, times } = circuits();
    times(9, () => fail());
    clock.ms = 300_001;
    fail();
    fail(errors.cancelled);
    expect(refusal()).toBeUndefined();
    times(9, () => fail());
    expect(refusal()).toBeDefined();
  });

  it("lets one call try when its time is over; twice as long after one that fails, closed by one that is answered", () => {
    const { all, clock, fail, succeed, refusal, times } = circuits();
    times(10, () => fail());
    clock.ms = 10_000;
    const tried = all.enter("k", "p");
    expect(refusal()?.facts).toMatchObject({ retryAfterMs: 1_000 });
    tried.failed(down);
    tried.left();
    expect(refusal()?.facts).toMatchObject({ retryAfterMs: 20_000 });
    clock.ms = 30_000;
    succeed();
    expect(refusal()).toBeUndefined();
    times(9, () => fail());
    expect(refusal()).toBeUndefined();
  });

  it("is closed by a refusal of what was asked, and lets the next one try where the first has gone or says nothing", () => {
    const { all, clock, fail, refusal, times } = circuits();
    times(10, () => fail());
    clock.ms = 10_000;
    fail(errors.cancelled);
    const silent = all.enter("k", "p");
    expect(refusal()).toBeDefined();
    clock.ms += 60_000;
    fail(errors.refused);
    expect(refusal()).toBeUndefined();
    silent.left();
  });

  it("is kept of a thousand of a tenant at most: its own that failed longest ago is forgotten, and no other tenant's", () => {
    const { fail, refusal, times } = circuits();
    times(10, () => fail(down, "first", "other"));
    times(10, () => fail(down, "first"));
    for (let index = 0; index < 1_000; index++) fail(down, `key ${index}`);
    expect(refusal("first")).toBeUndefined();
    expect(refusal("first", "other")).toBeDefined();
    times(9, () => fail(down, "key 999"));
    expect(refusal("key 999")).toBeDefined();
  });
});

describe("a provider that is down", () => {
  const ledgerQuery = `query { modelCalls(runId: "r", first: 50) { nodes { callId providerCode model outcome errorReason price } } }`;
  const fails = { status: 503, json: { error: { message: "down" } } };

  it("is not asked after ten calls, and its tenant's other provider is in its place where it names one", async () => {
    await createProvider(t, { code: "second", name: "S", baseUrl: other.baseUrl, defaultModel: "other-model" });
    await createProvider(t, { code: "alone", baseUrl: lost.baseUrl, defaultModel: "m" });
    await createProvider(t, { code: "first", baseUrl: lost.baseUrl, defaultModel: "m", fallbackProviderCode: "second" });
    lost.chat(fails);
    for (let call = 0; call < 10; call++)
      expect(await t.refusal(complete, { input: { ...hello, providerCode: "alone" } })).toMatchObject({ reason: "MODEL_PROVIDER_FAILED" });
    expect(await t.refusal(complete, { input: { ...hello, providerCode: "alone" } })).toMatchObject({
      code: "DOWNSTREAM_UNAVAILABLE",
      reason: "MODEL_PROVIDER_CIRCUIT_OPEN",
      provider: "alone",
      retryable: true,
    });
    expect(lost.requests).toHaveLength(10);

    const input = { ...hello, providerCode: "first", extraParameters: { top_k: 3 }, caller: { callId: "c", runId: "r", nodeRunId: "r:n" } };
    for (let call = 0; call < 11; call++) {
      const { chatCompletion } = await t.ask<{ chatCompletion: object }>(complete, {
        input: { ...input, caller: { ...input.caller, callId: `c${call}` } },
      });
      expect(chatCompletion).toMatchObject({ model: "other-model", content: "Hello there, friend." });
    }
    expect(lost.requests).toHaveLength(20);
    expect(other.requests).toHaveLength(11);
    expect(other.requests[0]!.json).toMatchObject({ model: "other-model" });
    expect(other.requests[0]!.json["top_k"]).toBeUndefined();
    const { modelCalls } = await t.ask<{ modelCalls: { nodes: object[] } }>(ledgerQuery);
    // The eleventh was not made.
    expect(modelCalls.nodes).toHaveLength(21);
    expect(modelCalls.nodes).toContainEqual(expect.objectContaining({ callId: "c0", providerCode: "first", outcome: "FAILED" }));
    expect(modelCalls.nodes).toContainEqual(
      expect.objectContaining({ callId: "c10:fallback", providerCode: "second", model: "other-model", outcome: "COMPLETED" }),
    );
  });

  it("says itself what it refuses, and has no fallback for that", async () => {
    await createProvider(t, { code: "picky", baseUrl: lost.baseUrl, defaultModel: "m", fallbackProviderCode: "second" });
    lost.chat({ status: 400, json: { error: "no such model" } });
    for (let call = 0; call < 11; call++)
      expect(await t.refusal(complete, { input: { ...hello, providerCode: "picky" } })).toMatchObject({ reason: "MODEL_REQUEST_REFUSED" });
    expect(lost.requests).toHaveLength(11);
    expect(other.requests).toHaveLength(0);
  });

  it.each<[string, object, object]>([
    ["itself", { code: "x", fallbackProviderCode: "x" }, { reason: "MODEL_PROVIDER_INVALID", field: "fallbackProviderCode" }],
    [
      "nobody",
      { code: "x", fallbackProviderCode: "none" },
      { reason: "MODEL_PROVIDER_NOT_FOUND", field: "fallbackProviderCode", id: "none" },
    ],
    ["a price that is none", { code: "x", prices: { m: { prompt: "2", completion: 1 } } }, { field: "prices.m.prompt" }],
    ["a price below 0", { code: "x", prices: { m: { prompt: 2, completion: -1 } } }, { field: "prices.m.completion" }],
    ["a model without prices", { code: "x", prices: { m: 3 } }, { reason: "MODEL_PROVIDER_INVALID", field: "prices.m" }],
    ["another price", { code: "x", prices: { m: { prompt: 1, completion: 1, image: 2 } } }, { field: "prices.m.image" }],
  ])("is not made with a fallback or a price that cannot be: %s", async (_name, input, fault) => {
    const mutation = `mutation ($input: CreateModelProviderInput!) { createModelProvider(input: $input) { id } }`;
    expect(await t.refusal(mutation, { input: { name: "X", baseUrl: lost.baseUrl, ...input } })).toMatchObject(fault);
  });
});

describe("what a call costs", () => {
  it("is in the completion, in the ledger and in its sums, where its model has a price", async () => {
    const prices = { dear: { prompt: 1_000_000, completion: 2_000_000 }, "*": { prompt: 1, completion: 1, cached: 0.5 } };
    await createProvider(t, { code: "dear", baseUrl: lost.baseUrl, defaultModel: "dear", prices });
    const query = `mutation ($input: ChatCompletionInput!) { chatCompletion(input: $input) { price } }`;
    const priceOf = async (input: object) =>
      (await t.ask<{ chatCompletion: { price: number | null } }>(query, { input: { ...hello, ...input } })).chatCompletion.price;
    expect(await priceOf({ providerCode: "dear" })).toBe(7 + 2 * 3);
    expect(await priceOf({ providerCode: "dear", model: "other" })).toBeCloseTo(10 / 1_000_000, 12);
    lost.chat({ status: 503 });
    await t.refusal(query, { input: { ...hello, providerCode: "dear" } });
    const usage = `query { modelUsage(groupBy: PROVIDER) { key calls price pricedCalls } modelCalls(first: 3) { nodes { outcome price } } }`;
    const { modelUsage, modelCalls } = await t.ask<{ modelUsage: object[]; modelCalls: { nodes: object[] } }>(usage);
    expect(modelUsage).toContainEqual({ key: "dear", calls: 3, price: 13.00001, pricedCalls: 2 });
    expect(modelCalls.nodes).toMatchObject([
      { outcome: "FAILED", price: null },
      { outcome: "COMPLETED" },
      { outcome: "COMPLETED", price: 13 },
    ]);
  });
});
