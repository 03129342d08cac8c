import { platformParts } from "../../../cli/compose/parts.ts";
import { defaultEnv } from "#shared/config.ts";
import { createLog } from "#shared/log.ts";
import { testKeys } from "../../testkit/internal-keys.ts";

describe("a process that calls subgraphs", () => {
  it("says which addresses are missing, all together, before it opens anything (S-60)", async () => {
    const env = defaultEnv({ logLevel: "silent", subgraphUrls: { tool: "http://127.0.0.1:1/graphql" } });
    const ready = { ...env, databaseUrl: "postgres://nobody@127.0.0.1:1/none", encryptionKey: "0".repeat(64) };
    const options = { log: createLog(env, "test"), keys: testKeys, progress: () => {} };
    await expect(platformParts.startWorker(ready, {}, options)).rejects.toMatchObject({
      reason: "SUBGRAPH_URL_MISSING",
      facts: { variables: ["MODEL", "MEMORY", "SESSION"].map((name) => `AGENT_PLATFORM_${name}_SUBGRAPH_URL`) },
    });
    await expect(platformParts.startRouter(ready, options)).rejects.toMatchObject({
      reason: "SUBGRAPH_URL_MISSING",
      facts: { variables: expect.arrayContaining(["AGENT_PLATFORM_WORKFLOW_SUBGRAPH_URL", "AGENT_PLATFORM_MODEL_SUBGRAPH_URL"]) },
    });
  });
});
