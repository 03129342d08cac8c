import { parseEnv } from "#shared/config.ts";

const problemsOf = (source: Record<string, string>): string[] => {
  try {
    parseEnv(source);
  } catch (error) {
    return (error as Error).message.split("\n");
  }
  return [];
};

describe("parseEnv", () => {
  it.each([
    ["PORT", "abc", "must be a whole number from 0 to 65535", "4000"],
    ["PORT", "70000", "must be a whole number from 0 to 65535", "4000"],
    ["PORT", "40.5", "must be a whole number from 0 to 65535", "4000"],
    ["PORT", " ", "must be a whole number from 0 to 65535", "4000"],
    ["WORKERS", "-1", "must be a whole number from 0 to 64", "1"],
    ["WORKERS", "0x10", "must be a whole number from 0 to 64", "1"],
    ["WORKER_SLOTS", "1e2", "must be a whole number from 1 to 10000", "64"],
    ["WORKER_MEMORY_MIB", "2048", "must be a whole number from 16 to 2047", "512"],
    ["AUTH_REQUIRED", "yes", "must be true, false, 1 or 0", "true"],
    [
      "CORS_ORIGINS",
      "*",
      "each entry must be an origin as browsers send it: scheme, host and port, no path and no *",
      "http://localhost:5173,https://app.example.com",
    ],
    [
      "CORS_ORIGINS",
      "app.example.com",
      "each entry must be an origin as browsers send it: scheme, host and port, no path and no *",
      "http://localhost:5173,https://app.example.com",
    ],
    [
      "CORS_ORIGINS",
      "https://app.example.com/",
      "each entry must be an origin as browsers send it: scheme, host and port, no path and no *",
      "http://localhost:5173,https://app.example.com",
    ],
    [
      "CORS_ORIGINS",
      "https://app.example.com/x,http://localhost",
      "each entry must be an origin as browsers send it: scheme, host and port, no path and no *",
      "http://localhost:5173,https://app.example.com",
    ],
    [
      "CORS_ORIGINS",
      "ftp://app.example.com",
      "each entry must be an origin as browsers send it: scheme, host and port, no path and no *",
      "http://localhost:5173,https://app.example.com",
    ],
    [
      "CORS_ORIGINS",
      "null",
      "each entry must be an origin as browsers send it: scheme, host and port, no path and no *",
      "http://localhost:5173,https://app.example.com",
    ],
    [
      "CORS_ORIGINS",
      "https://App.example.com",
      "each entry must be an origin as browsers send it: scheme, host and port, no path and no *",
      "http://localhost:5173,https://app.example.com",
    ],
    ["TRUSTED_PROXIES", "proxy.internal", "each entry must be an address, or a range such as 10.0.0.0/8", "127.0.0.1,10.0.0.0/8"],
    ["TRUSTED_PROXIES", "10.0.0.0/33", "each entry must be an address, or a range such as 10.0.0.0/8", "127.0.0.1,10.0.0.0/8"],
    ["TRUSTED_PROXIES", "10", "each entry must be an address, or a range such as 10.0.0.0/8", "127.0.0.1,10.0.0.0/8"],
    ["TRUSTED_PROXIES", "127.0.0.1:80", "each entry must be an address, or a range such as 10.0.0.0/8", "127.0.0.1,10.0.0.0/8"],
    ["RATE_LIMIT", "-1", "must be a whole number from 0 to 1000000", "100"],
    ["RATE_LIMIT_FAILED_KEYS", "many", "must be a whole number from 0 to 1000000", "60"],
    ["CONNECTIONS_PER_KEY", "0", "must be a whole number from 1 to 10000", "1000"],
    ["OPERATION_SECONDS", "0.5", "must be a whole number from 1 to 3600", "60"],
    ["LOG_LEVEL", "loud", "must be one of fatal, error, warn, info, debug, trace, silent", "info"],
  ])("says of %s=%s what it must be", (name, value, problem, example) => {
    const variable = `AGENT_PLATFORM_${name}`;
    expect(problemsOf({ [variable]: value })).toEqual([`${variable}=${value}: ${problem}. Example: ${variable}=${example}`]);
  });

  it.each(["localhost:11434/v1", "ftp://models/v1", "models"])("says that %s is no address of a provider", (url) => {
    expect(problemsOf({ AGENT_PLATFORM_PROVIDER_BASE_URL: url })).toEqual([
      "AGENT_PLATFORM_PROVIDER_BASE_URL=(hidden): must be a URL that begins with http:// or https://. Example: AGENT_PLATFORM_PROVIDER_BASE_URL=http://localhost:11434/v1",
    ]);
  });

  it("S-4 S-97 S-99 has the defaults that the list names", () => {
    expect(parseEnv({})).toMatchObject({
      host: "127.0.0.1",
      port: 4000,
      dataDir: ".data",
      databaseUrl: undefined,
      databaseUrls: {},
      subgraphUrls: {},
      authRequired: false,
      providerBaseUrl: undefined,
      providerApiKey: undefined,
      defaultModel: "gpt-4o-mini",
      maxTimeoutSeconds: 30,
      egressAllow: [],
      workers: 1,
      logLevel: "info",
      allowedHosts: [],
      corsOrigins: [],
    });
  });

  it("S-4 S-60 takes a database and an address of each subgraph by its name", () => {
    const env = parseEnv({
      AGENT_PLATFORM_DATABASE_URL: "postgres://db/all",
      AGENT_PLATFORM_RUNTIME_DATABASE_URL: "postgres://db/runtime",
      AGENT_PLATFORM_TOOL_SUBGRAPH_URL: "http://127.0.0.1:8004/graphql",
      AGENT_PLATFORM_MODEL_SUBGRAPH_URL: "",
    });
    expect(env).toMatchObject({
      databaseUrl: "postgres://db/all",
      databaseUrls: { runtime: "postgres://db/runtime" },
      subgraphUrls: { tool: "http://127.0.0.1:8004/graphql" },
    });
  });

  it("S-97 S-99 S-106 reads what it is told, lists by comma, blank as left out", () => {
    const env = parseEnv({
      AGENT_PLATFORM_AUTH_REQUIRED: "true",
      AGENT_PLATFORM_PROVIDER_BASE_URL: "http://host.docker.internal:11434/v1",
      AGENT_PLATFORM_PROVIDER_API_KEY: " ",
      AGENT_PLATFORM_DEFAULT_MODEL: "llama",
      AGENT_PLATFORM_PYTHON_BIN: "/usr/bin/python3.13",
      AGENT_PLATFORM_MAX_TIMEOUT_SECONDS: "5",
      AGENT_PLATFORM_EGRESS_ALLOW: "127.0.0.1:8080, api.internal:443,",
      AGENT_PLATFORM_ALLOWED_HOSTS: "platform.local",
      AGENT_PLATFORM_CORS_ORIGINS: "http://localhost:5173",
      AGENT_PLATFORM_WORKERS: "0",
      AGENT_PLATFORM_PORT: "",
    });
    expect(env).toMatchObject({
      authRequired: true,
      providerBaseUrl: "http://host.docker.internal:11434/v1",
      providerApiKey: undefined,
      defaultModel: "llama",
      pythonBin: "/usr/bin/python3.13",
      maxTimeoutSeconds: 5,
      egressAllow: ["127.0.0.1:8080", "api.internal:443"],
      allowedHosts: ["platform.local"],
      corsOrigins: ["http://localhost:5173"],
      workers: 0,
      port: 4000,
    });
  });

  it("S-61 takes the smoke test's flags, the graph's address by any of its three names", () => {
    const url = "http://127.0.0.1:4010/graphql";
    expect(parseEnv({ AGENT_PLATFORM_SMOKE_TENANT_ID: "smoke-t", AGENT_PLATFORM_SMOKE_API_KEY: "k" })).toMatchObject({
      smokeUrl: undefined,
      smokeTenantId: "smoke-t",
      smokeApiKey: "k",
    });
    for (const name of ["SMOKE_URL", "SMOKE_WORKFLOW_URL", "SMOKE_RUNTIME_URL"])
      expect(parseEnv({ [`AGENT_PLATFORM_${name}`]: url }).smokeUrl).toBe(url);
  });

  it("reports all problems together, each with its variable, what was given and an example, no secret among them", () => {
    const problems = problemsOf({
      AGENT_PLATFORM_PORT: "many",
      AGENT_PLATFORM_WORKERS: "65",
      AGENT_PLATFORM_EGRESS_ALLOW: "127.0.0.1:9000, http://api.internal",
      AGENT_PLATFORM_LOG_LEVEL: "loud",
      AGENT_PLATFORM_DATABASE_URL: "mysql://root:secret@db",
    });
    expect(problems).toEqual([
      expect.stringMatching(/^AGENT_PLATFORM_PORT=many: .* Example: AGENT_PLATFORM_PORT=4000$/),
      expect.stringMatching(/^AGENT_PLATFORM_DATABASE_URL=\(hidden\): .*postgres:\/\//),
      expect.stringMatching(/^AGENT_PLATFORM_EGRESS_ALLOW=.*: each entry must be host:port\. Example: /),
      expect.stringMatching(/^AGENT_PLATFORM_WORKERS=65: .* Example: AGENT_PLATFORM_WORKERS=1$/),
      expect.stringMatching(/^AGENT_PLATFORM_LOG_LEVEL=loud: /),
    ]);
    expect(problems.join()).not.toContain("secret");
  });
});
