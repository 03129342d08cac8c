import { workerEnvironment } from "../../../cli/compose/worker-environment.ts";

const given = { databaseUrl: "pooled", databaseDirectUrl: "direct", databaseUrls: {}, engineDatabaseUrls: {}, internalKeys: ["k"] };

describe("the databases that a worker is handed", () => {
  it.each([
    ["the platform's", given, { DATABASE_URL: "pooled", DATABASE_DIRECT_URL: "direct" }],
    [
      "the engine's own, and security events past the pooler",
      { ...given, databaseUrls: { runtime: "own" } },
      { DATABASE_URL: "own", ACCESS_DATABASE_URL: "direct" },
    ],
    [
      "the platform's, and security events' own",
      { ...given, databaseUrls: { access: "events" } },
      { DATABASE_URL: "pooled", DATABASE_DIRECT_URL: "direct", ACCESS_DATABASE_URL: "events" },
    ],
    ["one for both", { ...given, databaseUrls: { runtime: "own", access: "own" } }, { DATABASE_URL: "own" }],
    [
      "without a pooler",
      { ...given, databaseDirectUrl: undefined, databaseUrls: { runtime: "own" } },
      { DATABASE_URL: "own", ACCESS_DATABASE_URL: "pooled" },
    ],
  ])("are %s", (_, env, expected) => {
    const handed = workerEnvironment({ environment: {}, env: env as never, subgraphUrls: {} });
    const databases = Object.entries(handed).filter(([name]) => name.includes("DATABASE"));
    expect(Object.fromEntries(databases.map(([name, url]) => [name.replace("AGENT_PLATFORM_", ""), url]))).toEqual(expected);
  });
});
