import { errorOf, toldError } from "../../../cli/process/part-messages.ts";
import { platformParts } from "../../../cli/compose/parts.ts";
import { defaultEnv } from "#shared/config.ts";
import { createLog } from "#shared/log.ts";
import { query } from "../../testkit/admin-query.ts";
import { createTestDatabase } from "../../testkit/database.ts";
import { eventually } from "../../testkit/eventually.ts";
import { testKeys } from "../../testkit/internal-keys.ts";

describe("a process that calls subgraphs", () => {
  it("says which addresses are missing, all together, before it opens anything (S-60)", async () => {
    const env = defaultEnv({ logLevel: "silent", subgraphUrls: { tool: "http://127.0.0.1:1/graphql" } });
    const ready = { ...env, databaseUrl: "postgres://nobody@127.0.0.1:1/none", encryptionKey: "0".repeat(64) };
    const options = { log: createLog(env, "test"), keys: testKeys, progress: () => {} };
    await expect(platformParts.startWorker(ready, {}, options)).rejects.toMatchObject({
      reason: "SUBGRAPH_URL_MISSING",
      facts: { variables: ["MODEL", "MEMORY", "SESSION", "SKILL"].map((name) => `AGENT_PLATFORM_${name}_SUBGRAPH_URL`) },
    });
    await expect(platformParts.startRouter(ready, options)).rejects.toMatchObject({
      reason: "SUBGRAPH_URL_MISSING",
      facts: { variables: expect.arrayContaining(["AGENT_PLATFORM_WORKFLOW_SUBGRAPH_URL", "AGENT_PLATFORM_MODEL_SUBGRAPH_URL"]) },
    });
  });

  it("waits no longer when it is to stop, in a worker whose platform never came up", async () => {
    const subgraphUrls = Object.fromEntries(
      ["tool", "model", "memory", "session", "skill"].map((name) => [name, "http://127.0.0.1:1/graphql"]),
    );
    const env = {
      ...defaultEnv({ logLevel: "silent", subgraphUrls }),
      databaseUrl: "postgres://nobody@127.0.0.1:1/none",
      encryptionKey: "",
    };
    const stopping = new AbortController();
    const options = { log: createLog(env, "test"), keys: testKeys, progress: () => {}, stopping: stopping.signal };
    const started = platformParts.startWorker(env, {}, options).catch((cause: unknown) => cause);
    stopping.abort();
    const ended = await Promise.race([started, new Promise((resolve) => setTimeout(resolve, 20_000, "it waits on").unref())]);
    expect(ended).toMatchObject({ reason: "SUBGRAPH_NOT_ANSWERING" });
  });
});

describe("a part that lost PostgreSQL while it started", () => {
  it("tells its supervisor that the database does not answer", () => {
    const told = toldError(new Error("Connection terminated unexpectedly"));
    expect(errorOf(told)).toMatchObject({ code: "DOWNSTREAM_UNAVAILABLE", reason: "DATABASE_UNAVAILABLE" });
    expect(toldError(new Error("a bug")).code).toBeUndefined();
    const noFile = Object.assign(new Error("ENOENT: no such file or directory, open 'internal.key'"), { code: "ENOENT", syscall: "open" });
    expect(toldError(noFile)).toMatchObject({ message: expect.stringContaining("internal.key") });
    expect(toldError(noFile).code).toBeUndefined();
  });
});

describe("a subgraph in a process of its own", () => {
  it("rehearses what it will be asked, as npm start does, and leaves nothing of it", async () => {
    const database = await createTestDatabase();
    const env = { ...defaultEnv({ logLevel: "silent", port: 0 }), databaseUrl: database.url, encryptionKey: "0".repeat(64) };
    const server = await platformParts.startSubgraph("runtime", env, { log: createLog(env, "test"), keys: testKeys, progress: () => {} });
    try {
      // PostgreSQL counts what was taken back, too; its sessions tell when they are idle.
      const made = `select n_tup_ins::int as made, (select count(*)::int from runtime.run) as left from pg_stat_user_tables where relid = 'runtime.run'::regclass`;
      const look = async () => (await query(database.adminUrl, made))[0] as { made: number; left: number };
      expect(await eventually(look, (seen) => seen.made > 0)).toMatchObject({ left: 0 });
    } finally {
      await server.stop();
      await database.drop();
    }
  });
});
