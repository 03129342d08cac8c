/** Another master key: `secrets rewrap`, and the start without any (docs/operations.md). */
import { createHmac, randomBytes } from "node:crypto";
import pg from "pg";
import { createSecretBox } from "#shared/secret/secrets.ts";
import type { ReadyEnv, Rewrapped } from "../../cli/composition.ts";
import { openKeys } from "../../cli/compose/keys.ts";
import { platformParts } from "../../cli/compose/parts.ts";
import { ask, makeWorkflow } from "../testkit/graph.ts";
import { startHttpServer } from "../testkit/http-server.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { startScriptedProvider } from "../testkit/scripted-provider.ts";
import { runCli } from "./cli-process.ts";

const newKey = () => randomBytes(32).toString("hex");
const invoke = `mutation ($id: ID!) { invokeTool(input: { toolBindingId: $id }) { ok } }`;
const complete = `mutation { chatCompletion(input: { providerCode: "p", messages: [{ role: USER, content: "hi" }] }) { content } }`;

/** A platform with a secret of each kind, of two tenants. */
async function setup() {
  const [http, provider] = await Promise.all([startHttpServer(), startScriptedProvider()]);
  http.on("GET /echo", { json: {} });
  const t = await startTestPlatform({ workers: 0, env: { egressAllow: [http.hostPort, provider.hostPort] } });
  const keys = await openKeys(t.env as ReadyEnv);
  await keys.create({ tenantId: "t1", name: "k", scopes: null, isAdmin: false, expiresAt: null });
  await keys.close();
  const bindings: Record<string, string> = {};
  const hooks: Record<string, string> = {};
  for (const tenant of ["t1", "t2"]) {
    const as = { "x-tenant-id": tenant };
    await ask(
      t,
      `mutation ($i: CreateSecretInput!) { createSecret(input: $i) { id } }`,
      { i: { name: "S", value: `noun-of-${tenant}`, origins: [http.url] } },
      as,
    );
    const tool = await ask<{ createTool: { id: string } }>(
      t,
      `mutation { createTool(input: { code: "t", name: "T", toolType: HTTP }) { id } }`,
      {},
      as,
    );
    const config = { url: `${http.url}/echo`, headers: { authorization: `Bearer version-of-${tenant}`, "x-noun": "{{ secrets.S }}" } };
    const id = tool.createTool.id;
    await ask(
      t,
      `mutation ($id: ID!, $c: JSONObject!) { createToolVersion(input: { toolId: $id, invokeConfig: $c }) { id } }`,
      { id, c: config },
      as,
    );
    const binding = await ask<{ createToolBinding: { id: string } }>(
      t,
      `mutation ($i: CreateToolBindingInput!) { createToolBinding(input: $i) { id } }`,
      { i: { toolId: id, name: "b", secretHeaders: { "x-binding": `binding-of-${tenant}` } } },
      as,
    );
    bindings[tenant] = binding.createToolBinding.id;
    const { workflowId } = await makeWorkflow(t, { nodes: [{ id: "n", type: "answer", config: { answer: "x" } }], edges: [] }, as);
    const hook = { name: "h", workflowId, signature: { header: "x-signed" }, secret: `webhook-of-${tenant}` };
    const made = await ask<{ createWebhook: { url: string } }>(
      t,
      `mutation ($i: CreateWebhookInput!) { createWebhook(input: $i) { url } }`,
      { i: hook },
      as,
    );
    hooks[tenant] = new URL(made.createWebhook.url, t.url).pathname;
    const provided = {
      code: "p",
      name: "P",
      baseUrl: provider.baseUrl,
      apiKey: `key-of-${tenant}`,
      headers: { "x-h": `header-of-${tenant}` },
      defaultModel: "m",
    };
    await ask(t, `mutation ($i: CreateModelProviderInput!) { createModelProvider(input: $i) { id } }`, { i: provided }, as);
  }
  /** Every secret of both tenants reaches where it belongs. */
  const works = async (platform: Pick<TestPlatform, "post" | "client" | "url">) => {
    for (const tenant of ["t1", "t2"]) {
      await ask(platform, invoke, { id: bindings[tenant] }, { "x-tenant-id": tenant });
      const { headers } = http.requests.at(-1)!;
      expect(headers).toMatchObject({
        authorization: `Bearer version-of-${tenant}`,
        "x-binding": `binding-of-${tenant}`,
        "x-noun": `noun-of-${tenant}`,
      });
      const signed = createHmac("sha256", `webhook-of-${tenant}`).update("").digest("hex");
      const answer = await fetch(new URL(hooks[tenant]!, platform.url), { method: "POST", headers: { "x-signed": signed } });
      expect(answer.status).toBe(202);
      await ask(platform, complete, {}, { "x-tenant-id": tenant });
      expect(provider.requests.at(-1)?.headers).toMatchObject({ authorization: `Bearer key-of-${tenant}`, "x-h": `header-of-${tenant}` });
    }
  };
  const admin = new pg.Client({ connectionString: t.database.adminUrl });
  await admin.connect();
  return {
    t,
    env: t.env as ReadyEnv,
    works,
    /** The platform started anew on the same database, with other keys. */
    async restarted(encryptionKey: string, work: (platform: TestPlatform) => Promise<void>): Promise<void> {
      await using platform = await startTestPlatform({
        workers: 0,
        env: { egressAllow: t.env.egressAllow },
        on: { database: t.database, encryptionKey },
      });
      await work(platform);
    },
    /** The command, in a process of its own. */
    rewrap: (keys: readonly string[], ...argv: string[]) =>
      runCli("real", ["secrets", "rewrap", ...argv], {
        AGENT_PLATFORM_DATABASE_URL: t.database.url,
        AGENT_PLATFORM_DATA_DIR: t.env.dataDir,
        AGENT_PLATFORM_ENCRYPTION_KEY: keys.join(),
      }),
    /** A key that ends after a day, made by the command on a machine whose clock is a day behind. */
    keyOfLateMachine: () =>
      runCli("real", ["keys", "create", "--tenant", "t1", "--expires-in-days", "1", "--json"], {
        AGENT_PLATFORM_DATABASE_URL: t.database.url,
        AGENT_PLATFORM_DATA_DIR: t.env.dataDir,
        AGENT_PLATFORM_ENCRYPTION_KEY: t.env.encryptionKey as string,
        NODE_OPTIONS: "--import=data:text/javascript,const{now}=Date;Date.now=()=>now()-864e5",
      }),
    sql: async (text: string, values: unknown[] = []) => (await admin.query<Record<string, string>>(text, values)).rows,
    async [Symbol.asyncDispose]() {
      await admin.end();
      await t.stop();
      await Promise.all([http.close(), provider.close()]);
    },
  };
}

const rowsOf = (done: readonly Rewrapped[]) => Object.fromEntries(done.map(({ table, rows }) => [table, rows]));

describe("secrets rewrap", () => {
  it("encrypts anew what the old key encrypted, values of before there were data keys too: then the new one alone is enough", async () => {
    await using s = await setup();
    const [old, next] = [s.env.encryptionKey, newKey()];
    // As where a copy is brought back without its key.
    const stranger = await openKeys({ ...s.env, encryptionKey: newKey() });
    const made = stranger.create({ tenantId: "t1", name: "k", scopes: null, isAdmin: false, expiresAt: null });
    await expect(made).rejects.toMatchObject({ reason: "ENCRYPTION_KEY_DIFFERS" });
    await stranger.close();
    await asBefore(s, old);
    await s.restarted(`${next},${old}`, s.works);
    const done = await platformParts.rewrapSecrets({ ...s.env, encryptionKey: `${next},${old}` });
    expect(rowsOf(done)).toEqual({
      "access.key_pepper": 1,
      "access.data_key": 2,
      "tool.data_key": 2,
      "tool.tool_binding": 2,
      "tool.tool_version": 2,
      "model.data_key": 2,
      "model.model_provider": 2,
      "runtime.data_key": 2,
    });
    await s.restarted(next, s.works);
    const { code, output } = await s.rewrap([next]).ended;
    expect([code, output]).toEqual([0, expect.stringContaining("the other one is not needed any more")]);
    expect(output.match(/ 0 encrypted anew/g)).toHaveLength(done.length);
  });

  it("goes on where it was ended, and leaves what another key encrypted as it is, by name", async () => {
    await using s = await setup();
    const [old, next] = [s.env.encryptionKey, newKey()];
    // As an end half-way leaves it.
    await s.sql("begin");
    const half = createSecretBox(`${next},${old}`);
    const [row] = await s.sql("select sealed from tool.data_key where tenant_id = 't1'");
    await s.sql("update tool.data_key set sealed = $1 where tenant_id = 't1'", [
      half.seal(half.open(row!["sealed"]!, "tool.data_key:t1"), "tool.data_key:t1"),
    ]);
    await s.sql("update model.data_key set sealed = $1 where tenant_id = 't2'", [
      createSecretBox(newKey()).seal("lost", "model.data_key:t2"),
    ]);
    await s.sql("commit");
    const { code, output } = await s.rewrap([next, old], "--json").ended;
    expect(code).toBe(1);
    const { rewrapped: done } = JSON.parse(output) as { rewrapped: Rewrapped[] };
    expect(rowsOf(done)).toMatchObject({ "tool.data_key": 1, "model.data_key": 1, "access.data_key": 2 });
    expect(done.find(({ table }) => table === "model.data_key")?.unreadable).toEqual(["t2"]);
    const told = await s.rewrap([next, old]).ended;
    expect([told.code, told.output]).toEqual([
      1,
      expect.stringMatching(/model\.data_key: 1 that no key given here opens: t2\n.*Keep the old key/s),
    ]);
    for (const key of [old, next]) expect(output + told.output).not.toContain(key);
  });
});

/** Puts the values of one kind back to what the version before stored: the master key itself encrypted them, without a name of it. */
async function asBefore(s: Awaited<ReturnType<typeof setup>>, key: string): Promise<void> {
  const master = createSecretBox(key);
  const old = (text: string, binding: string) => master.seal(text, binding).replace(/^m1\.[0-9a-f]+\./, "v1.");
  const url = (await s.sql("select base_url from model.model_provider limit 1"))[0]!["base_url"]!;
  const headersOf = (config: string) => (JSON.parse(config) as { headers: Record<string, { sealed: string; origin: string }> }).headers;
  for (const { id, tenant_id: tenant, config } of await s.sql("select id, tenant_id, config::text config from tool.tool_binding")) {
    const { origin } = headersOf(config!)["x-binding"]!;
    const sealed = old(`binding-of-${tenant}`, `tool_binding:${id}:${origin}:x-binding`);
    await s.sql("update tool.tool_binding set config = $2 where id = $1", [
      id,
      JSON.stringify({ headers: { "x-binding": { sealed, origin } } }),
    ]);
  }
  for (const { id, tenant_id: tenant, config } of await s.sql("select id, tenant_id, invoke_config::text config from tool.tool_version")) {
    const whole = JSON.parse(config!) as { headers: Record<string, unknown> };
    const { origin } = headersOf(config!)["authorization"]!;
    whole.headers["authorization"] = { sealed: old(`Bearer version-of-${tenant}`, `tool_version:${id}:${origin}:authorization`), origin };
    await s.sql("update tool.tool_version set invoke_config = $2 where id = $1", [id, JSON.stringify(whole)]);
  }
  for (const { id, tenant_id: tenant } of await s.sql("select id, tenant_id from model.model_provider")) {
    const binding = `model_provider:${id}:${new URL(url).origin}`;
    const values = [id, old(`key-of-${tenant}`, binding), old(JSON.stringify({ "x-h": `header-of-${tenant}` }), `${binding}:headers`)];
    await s.sql("update model.model_provider set api_key_sealed = $2, headers_sealed = $3 where id = $1", values);
  }
}

describe("a database of one's own", () => {
  it("makes a key that ends by the clock of the database, whatever this machine's says", async () => {
    await using s = await setup();
    const { code, output } = await s.keyOfLateMachine().ended;
    expect([code, output]).toEqual([0, expect.stringMatching(/^\{.*\}\n$/)]);
    const { expiresAt } = JSON.parse(output) as { expiresAt: string };
    // A day from now, or an hour less.
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now() + 82_800_000);
  });

  it.each([["start"], ["subgraph", "tool"], ["keys", "list"]])(
    "is served with a key of one's own alone: %s %s says how it is made",
    async (...argv) => {
      const environment = {
        AGENT_PLATFORM_DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
        AGENT_PLATFORM_INTERNAL_KEY: newKey(),
        AGENT_PLATFORM_ENCRYPTION_KEY: "",
      };
      const { code, output } = await runCli("real", argv, environment).ended;
      expect(code).toBe(2);
      expect(output).toMatch(/AGENT_PLATFORM_ENCRYPTION_KEY is not set.*openssl rand -hex 32/);
    },
  );
});
