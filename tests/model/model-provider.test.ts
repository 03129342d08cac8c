import pg from "pg";
import { complete, createProvider, hello, openModelTest, type ModelTest } from "./setup.ts";

let t: ModelTest;
beforeEach(async () => {
  t = await openModelTest();
});
afterEach(() => t.close());

const update = `mutation ($id: ID!, $input: UpdateModelProviderInput!) { updateModelProvider(id: $id, input: $input) { name baseUrl apiKeySet defaultModel embeddingModel status } }`;

describe("model providers", () => {
  it("are created, read, changed, listed and deleted; a key is stored encrypted and never read back", async () => {
    const key = "sk-very-secret-key";
    const provider = await createProvider(t, { code: "openai", baseUrl: "https://api.example.com/v1/", apiKey: key, defaultModel: "m" });
    expect(provider).toMatchObject({
      code: "openai",
      baseUrl: "https://api.example.com/v1",
      apiKeySet: true,
      defaultModel: "m",
      embeddingModel: null,
      status: "ACTIVE",
    });
    expect(await rows()).not.toContain(key);
    expect(
      await t.ask(
        `query ($id: ID!) { modelProvider(id: $id) { code } modelProviderByCode(code: "openai") { id } modelProviders(first: 1) { edges { node { code } } pageInfo { hasNextPage } } }`,
        { id: provider.id },
      ),
    ).toEqual({
      modelProvider: { code: "openai" },
      modelProviderByCode: { id: provider.id },
      modelProviders: { edges: [{ node: { code: "openai" } }], pageInfo: { hasNextPage: false } },
    });
    expect(
      await t.ask(update, {
        id: provider.id,
        input: { name: "N", defaultModel: null, embeddingModel: "e", status: "DISABLED", baseUrl: "https://api.example.com/v2" },
      }),
    ).toEqual({
      updateModelProvider: {
        name: "N",
        baseUrl: "https://api.example.com/v2",
        apiKeySet: true,
        defaultModel: null,
        embeddingModel: "e",
        status: "DISABLED",
      },
    });
    expect(await t.ask(update, { id: provider.id, input: { apiKey: null } })).toMatchObject({ updateModelProvider: { apiKeySet: false } });
    await t.ask(`mutation ($id: ID!) { deleteModelProvider(id: $id) { id } }`, { id: provider.id });
    expect(
      await t.ask(
        `query ($id: ID!) { modelProvider(id: $id) { deletedAt } modelProviderByCode(code: "openai") { id } modelProviders { edges { cursor } } }`,
        { id: provider.id },
      ),
    ).toEqual({
      modelProvider: { deletedAt: expect.any(String) },
      modelProviderByCode: null,
      modelProviders: { edges: [] },
    });
    await createProvider(t, { code: "openai", baseUrl: "https://api.example.com" });
  });

  it("refuse taken codes and bad URLs, and keep a key to the origin that it was made for", async () => {
    const { id } = await createProvider(t, { baseUrl: "https://a.example.com/v1", apiKey: "sk-secret" });
    const create = `mutation ($input: CreateModelProviderInput!) { createModelProvider(input: $input) { id } }`;
    const input = { code: "x", name: "X" };
    expect(await t.refusal(create, { input: { ...input, code: "p", baseUrl: "https://b.example.com" } })).toMatchObject({
      code: "CONFLICT",
      reason: "MODEL_PROVIDER_CODE_TAKEN",
      value: "p",
    });
    for (const baseUrl of ["nowhere", "ftp://x.test", "http://u:p@x.test", "http://x.test/?a=1"]) {
      expect(await t.refusal(create, { input: { ...input, baseUrl } })).toMatchObject({
        code: "BAD_USER_INPUT",
        reason: "MODEL_PROVIDER_INVALID",
        field: "baseUrl",
      });
    }
    expect(await t.refusal(update, { id, input: { baseUrl: "https://evil.example.com" } })).toMatchObject({
      code: "CONFLICT",
      reason: "MODEL_PROVIDER_KEY_ORIGIN",
      keyOrigin: "https://a.example.com",
    });
    await t.ask(update, { id, input: { baseUrl: "https://b.example.com", apiKey: "sk-other" } });
    expect(await t.refusal(update, { id: "none", input: {} })).toMatchObject({ code: "NOT_FOUND", reason: "MODEL_PROVIDER_NOT_FOUND" });
  });

  it("S-7 are their tenant's only, and reach private addresses only where the operator allows it", async () => {
    const { id } = await createProvider(t, { baseUrl: t.provider.baseUrl, defaultModel: "m" });
    expect(
      await t.ask(`query ($id: ID!) { modelProvider(id: $id) { id } modelProviders { edges { cursor } } }`, { id }, { tenantId: "t2" }),
    ).toEqual({ modelProvider: null, modelProviders: { edges: [] } });
    expect(await t.refusal(update, { id, input: {} }, { tenantId: "t2" })).toMatchObject({ code: "NOT_FOUND" });
    expect(await t.refusal(complete, { input: hello })).toMatchObject({ code: "FORBIDDEN", reason: "EGRESS_DENIED", retryable: false });
    expect(t.provider.requests).toEqual([]);
  });
});

describe("models", () => {
  it("lists those of the tenant's providers and of the configured one; a provider that fails shows what is known of it", async () => {
    t.provider.models(["a", "b"]);
    await createProvider(t, { code: "dead", baseUrl: "http://127.0.0.1:9/v1", defaultModel: "d", embeddingModel: "e" });
    expect(await t.ask(`{ models { name provider { code } } }`)).toEqual({
      models: [
        { name: "d", provider: { code: "dead" } },
        { name: "e", provider: { code: "dead" } },
        { name: "a", provider: null },
        { name: "b", provider: null },
      ],
    });
    t.provider.models(null);
    expect(await t.ask(`{ models { name } }`, {}, { tenantId: "t2" })).toEqual({ models: [{ name: "configured-model" }] });
  });
});

async function rows(): Promise<string> {
  const client = new pg.Client({ connectionString: t.adminUrl });
  await client.connect();
  const result = await client.query<{ row: string }>("select row_to_json(p)::text as row from model.model_provider p");
  await client.end();
  return JSON.stringify(result.rows);
}
