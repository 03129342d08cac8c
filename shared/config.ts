/**
 * The one reader of the environment: parsed once by a process's entry, passed down from there. All problems are reported
 * together, each with the variable's name and an example. `.env.example` lists the variables.
 */
import { closestMatch } from "leven";
import { z } from "zod";
import { isAddressRange } from "./addresses.ts";
import { isEgressEntry } from "./fetch/egress.ts";
import { isWebOrigin } from "./serve/host-guard.ts";
import { AppError } from "./errors.ts";
import { masterKeyPattern } from "./secret/secrets.ts";
import { internalKeyPattern } from "./trust/internal-keys.ts";
import { withoutSlashesBehind } from "./url-path.ts";

const prefix = "AGENT_PLATFORM_";

const list = z
  .string()
  .default("")
  .transform((text) =>
    text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== ""),
  );
const flag = z
  .enum(["true", "false", "1", "0"], { error: "must be true, false, 1 or 0" })
  .default("false")
  .transform((text) => text === "true" || text === "1");
const optional = z
  .string()
  .transform((text) => text.trim())
  .transform((text) => (text === "" ? undefined : text))
  .optional();
/** Digits only: Number() would take 1e3, 0x10 and a blank too. */
const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .trim()
    .refine((text) => /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most, {
      error: `must be a whole number from ${least} to ${most}`,
    })
    .transform(Number);
const whole = (fallback: number, least: number, most: number) => wholeNumber(least, most).default(fallback);
const webUrl = z.url({ protocol: /^https?$/, error: "must be a URL that begins with http:// or https://" });
const logLevels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
const postgresUrl = z.string().regex(/^postgres(ql)?:\/\//, "must start with postgres://");

/** Each variable, without its prefix: its schema, and the example that an error shows. */
const variables = {
  HOST: { schema: z.string().min(1).default("127.0.0.1"), example: "127.0.0.1" },
  PORT: { schema: whole(4000, 0, 65535), example: "4000" },
  DATA_DIR: { schema: z.string().min(1).default(".data"), example: ".data" },
  DATABASE_URL: { schema: postgresUrl.optional(), example: "postgres://user:password@localhost:5432/agent_platform" },
  WAL_ARCHIVE_DIR: { schema: z.string().min(1).optional(), example: "/backups/log" },
  DATABASE_DIRECT_URL: { schema: postgresUrl.optional(), example: "postgres://user:password@localhost:5432/agent_platform" },
  ENGINE_DATABASE_URL: { schema: postgresUrl.optional(), example: "postgres://engine:password@localhost:5432/agent_platform" },
  AUTH_REQUIRED: { schema: flag, example: "true" },
  BOOTSTRAP_TOKEN: {
    schema: z
      .string()
      .regex(/^[\x21-\x7e]{32,512}$/, "must be 32 to 512 printable characters without spaces")
      .optional(),
    example: "from: openssl rand -hex 32",
  },
  PROVIDER_BASE_URL: { schema: webUrl.optional(), example: "http://localhost:11434/v1" },
  PROVIDER_API_KEY: { schema: optional, example: "sk-…" },
  PROVIDER_API_KEY_HEADER: {
    schema: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,100}$/, "must be the name of a header")
      .optional(),
    example: "api-key",
  },
  PROVIDER_FIRST_BYTE_SECONDS: { schema: wholeNumber(1, 86_400).optional(), example: "300" },
  DEFAULT_MODEL: { schema: z.string().min(1).default("gpt-4o-mini"), example: "gpt-4o-mini" },
  PYTHON_BIN: { schema: z.string().min(1).default("python3"), example: "/usr/bin/python3" },
  PYTHON_PACKAGES: { schema: optional, example: "/srv/python-packages" },
  MAX_TIMEOUT_SECONDS: { schema: whole(30, 1, 3600), example: "30" },
  EGRESS_ALLOW: {
    schema: list.refine((entries) => entries.every(isEgressEntry), "each entry must be host:port"),
    example: "127.0.0.1:8080,api.internal:443",
  },
  WORKERS: { schema: whole(1, 0, 64), example: "1" },
  WORKER_SLOTS: { schema: whole(64, 1, 10_000), example: "64" },
  WORKER_DRY_RUN: { schema: flag, example: "true" },
  WORKER_MEMORY_MIB: { schema: wholeNumber(16, 2_047).optional(), example: "512" },
  MAX_CRASHES: { schema: whole(3, 1, 1000), example: "3" },
  MAX_NODES: { schema: whole(10_000, 1, 1_000_000), example: "10000" },
  ANSWERS_MIB: { schema: whole(256, 2, 2_047), example: "256" },
  LOG_LEVEL: { schema: z.enum(logLevels, { error: `must be one of ${logLevels.join(", ")}` }).default("info"), example: "info" },
  LOG_FILE: { schema: optional, example: ".data/platform.log" },
  PUBLIC_URL: { schema: webUrl.transform(withoutSlashesBehind).optional(), example: "https://platform.example.com" },
  ALLOWED_HOSTS: { schema: list, example: "platform.local,10.0.0.5" },
  CORS_ORIGINS: {
    schema: list.refine(
      (origins) => origins.every(isWebOrigin),
      "each entry must be an origin as browsers send it: scheme, host and port, no path and no *",
    ),
    example: "http://localhost:5173,https://app.example.com",
  },
  TRUSTED_PROXIES: {
    schema: list.refine((ranges) => ranges.every(isAddressRange), "each entry must be an address, or a range such as 10.0.0.0/8"),
    example: "127.0.0.1,10.0.0.0/8",
  },
  RATE_LIMIT: { schema: wholeNumber(0, 1_000_000).optional(), example: "100" },
  RATE_LIMIT_ADDRESS: { schema: wholeNumber(0, 1_000_000).optional(), example: "200" },
  RATE_LIMIT_FAILED_KEYS: { schema: whole(60, 0, 1_000_000), example: "60" },
  RATE_LIMIT_SHARED: { schema: flag, example: "true" },
  CONNECTIONS_PER_KEY: { schema: whole(1_000, 1, 10_000), example: "1000" },
  CONNECTIONS_PER_ADDRESS: { schema: whole(4_000, 1, 10_000), example: "4000" },
  SUBSCRIPTIONS_PER_TENANT: { schema: whole(20_000, 1, 1_000_000), example: "20000" },
  OPERATION_SECONDS: { schema: whole(60, 1, 3_600), example: "60" },
  OUTSIDE_OPERATION_SECONDS: { schema: whole(900, 1, 86_400), example: "900" },
  METRICS_HOST: { schema: z.string().min(1).default("127.0.0.1"), example: "0.0.0.0" },
  METRICS_PORT: { schema: wholeNumber(0, 65_535).optional(), example: "9464" },
  QUOTA_QUEUED_RUNS: { schema: wholeNumber(0, 1_000_000).optional(), example: "10000" },
  QUOTA_RUNNING_RUNS: { schema: wholeNumber(0, 1_000_000).optional(), example: "200" },
  QUOTA_RUNS_PER_HOUR: { schema: wholeNumber(0, 1_000_000).optional(), example: "10000" },
  QUOTA_STORAGE_MIB: { schema: wholeNumber(0, 1_000_000_000).optional(), example: "10240" },
  RETENTION_RUNS_DAYS: { schema: wholeNumber(1, 36_500).optional(), example: "90" },
  RETENTION_MODEL_CALLS_DAYS: { schema: wholeNumber(1, 36_500).optional(), example: "400" },
  RETENTION_AUDITS_DAYS: { schema: wholeNumber(1, 36_500).optional(), example: "365" },
  ENCRYPTION_KEY: {
    schema: z
      .string()
      .transform((text) => text.replaceAll(/\s/g, ""))
      .refine((text) => masterKeyPattern.test(text), "must be 64 hex digits (32 bytes); while it is rotated two of them, new,old")
      .optional(),
    example: "64 hex digits",
  },
  INTERNAL_KEY: {
    schema: list.refine(
      (keys) => keys.length <= 2 && keys.every((key) => internalKeyPattern.test(key)),
      "must be 64 hex digits (32 bytes); while it is rotated two of them, new,old",
    ),
    example: "64 hex digits",
  },
  ACCESS_PORT: { schema: wholeNumber(0, 65535).optional(), example: "4010" },
  API_KEY: { schema: optional, example: "agp_…" },
  SMOKE_URL: { schema: webUrl.optional(), example: "http://127.0.0.1:4000/graphql" },
  SMOKE_WORKFLOW_URL: { schema: webUrl.optional(), example: "http://127.0.0.1:4000/graphql" },
  SMOKE_RUNTIME_URL: { schema: webUrl.optional(), example: "http://127.0.0.1:4000/graphql" },
  SMOKE_TENANT_ID: { schema: optional, example: "smoke" },
  SMOKE_API_KEY: { schema: optional, example: "the key" },
} as const;

/** What a process of the platform is told by its environment. */
export interface Env {
  host: string;
  /** 0: any free port. */
  port: number;
  dataDir: string;
  databaseUrl: string | undefined;
  /** Where the embedded PostgreSQL archives its log; nowhere unless given. */
  walArchiveDir: string | undefined;
  /**
   * The same database and role with nothing in between, where `databaseUrl` leads through a pooler that lends sessions: for all that belongs to sessions, which
   * are migrations, hints and the engine.
   */
  databaseDirectUrl: string | undefined;
  /** By subgraph's name; wins over databaseUrl. */
  databaseUrls: Record<string, string>;
  /** The engine's role in the platform's database, where the platform may not make one. */
  engineDatabaseUrl: string | undefined;
  /** The same in a subgraph's own database, by its name. */
  engineDatabaseUrls: Record<string, string>;
  /** By subgraph's name: where it is served, in distributed mode. */
  subgraphUrls: Record<string, string>;
  authRequired: boolean;
  /** What whoever makes the first key sends as x-bootstrap-token; without it that takes a request of the router's own machine. */
  bootstrapToken: string | undefined;
  providerBaseUrl: string | undefined;
  providerApiKey: string | undefined;
  /** The header that carries the key as it is; undefined: a bearer token. */
  providerApiKeyHeader: string | undefined;
  /** How long a stream's first byte may take where the call says nothing; undefined: 60. */
  providerFirstByteSeconds: number | undefined;
  defaultModel: string;
  pythonBin: string;
  /** A folder of pure-Python packages that programs may import. */
  pythonPackages: string | undefined;
  maxTimeoutSeconds: number;
  /** host:port pairs that user-made HTTP may reach although their addresses are private. */
  egressAllow: string[];
  /** Embedded worker processes. */
  workers: number;
  /** Outside calls that one worker makes side by side. */
  workerSlots: number;
  /** MiB that the runs of one worker may hold together, half of them for one tenant; undefined: a quarter of what its heap may have. */
  workerMemoryMib: number | undefined;
  /** Workers call no model and no tool, as in a run's dry run. */
  workerDryRun: boolean;
  /** The crash that makes a node a dead letter. */
  maxCrashes: number;
  /** Objects that one operation may return. */
  maxNodes: number;
  /** MiB of answers that the router holds at once; half of them for one tenant. */
  answersMib: number;
  logLevel: (typeof logLevels)[number];
  logFile: string | undefined;
  /** Where others reach the router: what links to its pages begin with. */
  publicUrl: string | undefined;
  allowedHosts: string[];
  /** Origins of browsers, such as `https://app.example.com`. */
  corsOrigins: string[];
  /** Addresses and ranges of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed. */
  trustedProxies: string[];
  /** Operations a second of one key (with auth off: of one tenant), 0: any number; undefined: the router's default. */
  rateLimit: number | undefined;
  /** The same of one address. */
  rateLimitAddress: number | undefined;
  /** Keys that are not accepted, a minute and address; 0: any number. */
  rateLimitFailedKeys: number;
  /** Whether routers of one database count the operations of a key together. */
  rateLimitShared: boolean;
  /** WebSockets and streams over HTTP that are open at once: of one key, and of one address. */
  connectionsPerKey: number;
  connectionsPerAddress: number;
  /** Subscriptions of one tenant that are open at once, on whatever they are. */
  subscriptionsPerTenant: number;
  /** How long one operation may take, and one that waits for somebody outside, such as a model. */
  operationSeconds: number;
  outsideOperationSeconds: number;
  metricsHost: string;
  /** Where `/metrics` is answered, 0: any free port; undefined: nowhere. */
  metricsPort: number | undefined;
  /** What a tenant may have unless it is given something else; undefined: any number. */
  quotaQueuedRuns: number | undefined;
  quotaRunningRuns: number | undefined;
  quotaRunsPerHour: number | undefined;
  quotaStorageMib: number | undefined;
  /** Days for which calls of models are kept in the ledger; for ever unless given. */
  retentionModelCallsDays: number | undefined;
  /** Days after their end, or their making, for which runs and audits are kept; undefined: for ever. */
  retentionRunsDays: number | undefined;
  retentionAuditsDays: number | undefined;
  /** 32 bytes in hex, or `new,old` while it is rotated; embedded mode makes one and keeps it beside the data. */
  encryptionKey: string | undefined;
  /** Where a router that stands alone serves its own subgraph to those that ask for secrets; undefined: nowhere. */
  accessPort: number | undefined;
  /** By which processes of the platform know each other, the first signs; none: made at each start, where one process starts all. */
  internalKeys: string[];
  /** What commands that ask a graph send as x-api-key: their --api-key. No process of the platform reads it. */
  apiKey: string | undefined;
  /** The smoke test's --url (also as SMOKE_WORKFLOW_URL or SMOKE_RUNTIME_URL: the graph is one), --tenant and --api-key. */
  smokeUrl: string | undefined;
  smokeTenantId: string | undefined;
  smokeApiKey: string | undefined;
}

/**
 * Parses the environment.
 *
 * @throws AppError ENVIRONMENT_INVALID, one line for each problem.
 */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const problems: string[] = [];
  const read = <K extends keyof typeof variables>(name: K): z.output<(typeof variables)[K]["schema"]> => {
    const { schema, example } = variables[name];
    const raw = source[prefix + name];
    const parsed = schema.safeParse(raw === "" ? undefined : raw);
    if (parsed.success) return parsed.data as z.output<(typeof variables)[K]["schema"]>;
    problems.push(
      `${prefix}${name}=${secret(name) ? "(hidden)" : String(raw)}: ${parsed.error.issues[0]?.message}. Example: ${prefix}${name}=${example}`,
    );
    return undefined as never;
  };
  const env: Env = {
    host: read("HOST"),
    port: read("PORT"),
    dataDir: read("DATA_DIR"),
    databaseUrl: read("DATABASE_URL"),
    walArchiveDir: read("WAL_ARCHIVE_DIR"),
    databaseDirectUrl: read("DATABASE_DIRECT_URL"),
    databaseUrls: bySubgraph(source, "_DATABASE_URL"),
    engineDatabaseUrl: read("ENGINE_DATABASE_URL"),
    engineDatabaseUrls: bySubgraph(source, "_ENGINE_DATABASE_URL"),
    subgraphUrls: bySubgraph(source, "_SUBGRAPH_URL"),
    authRequired: read("AUTH_REQUIRED"),
    bootstrapToken: read("BOOTSTRAP_TOKEN"),
    providerBaseUrl: read("PROVIDER_BASE_URL"),
    providerApiKey: read("PROVIDER_API_KEY"),
    providerApiKeyHeader: read("PROVIDER_API_KEY_HEADER"),
    providerFirstByteSeconds: read("PROVIDER_FIRST_BYTE_SECONDS"),
    defaultModel: read("DEFAULT_MODEL"),
    pythonBin: read("PYTHON_BIN"),
    pythonPackages: read("PYTHON_PACKAGES"),
    maxTimeoutSeconds: read("MAX_TIMEOUT_SECONDS"),
    egressAllow: read("EGRESS_ALLOW"),
    workers: read("WORKERS"),
    workerSlots: read("WORKER_SLOTS"),
    workerMemoryMib: read("WORKER_MEMORY_MIB"),
    workerDryRun: read("WORKER_DRY_RUN"),
    maxCrashes: read("MAX_CRASHES"),
    maxNodes: read("MAX_NODES"),
    answersMib: read("ANSWERS_MIB"),
    logLevel: read("LOG_LEVEL"),
    logFile: read("LOG_FILE"),
    publicUrl: read("PUBLIC_URL"),
    allowedHosts: read("ALLOWED_HOSTS"),
    corsOrigins: read("CORS_ORIGINS"),
    trustedProxies: read("TRUSTED_PROXIES"),
    rateLimit: read("RATE_LIMIT"),
    rateLimitAddress: read("RATE_LIMIT_ADDRESS"),
    rateLimitFailedKeys: read("RATE_LIMIT_FAILED_KEYS"),
    rateLimitShared: read("RATE_LIMIT_SHARED"),
    connectionsPerKey: read("CONNECTIONS_PER_KEY"),
    connectionsPerAddress: read("CONNECTIONS_PER_ADDRESS"),
    subscriptionsPerTenant: read("SUBSCRIPTIONS_PER_TENANT"),
    operationSeconds: read("OPERATION_SECONDS"),
    outsideOperationSeconds: read("OUTSIDE_OPERATION_SECONDS"),
    metricsHost: read("METRICS_HOST"),
    metricsPort: read("METRICS_PORT"),
    quotaQueuedRuns: read("QUOTA_QUEUED_RUNS"),
    quotaRunningRuns: read("QUOTA_RUNNING_RUNS"),
    quotaRunsPerHour: read("QUOTA_RUNS_PER_HOUR"),
    quotaStorageMib: read("QUOTA_STORAGE_MIB"),
    retentionRunsDays: read("RETENTION_RUNS_DAYS"),
    retentionModelCallsDays: read("RETENTION_MODEL_CALLS_DAYS"),
    retentionAuditsDays: read("RETENTION_AUDITS_DAYS"),
    encryptionKey: read("ENCRYPTION_KEY"),
    accessPort: read("ACCESS_PORT"),
    internalKeys: read("INTERNAL_KEY"),
    apiKey: read("API_KEY"),
    smokeUrl: read("SMOKE_URL") ?? read("SMOKE_WORKFLOW_URL") ?? read("SMOKE_RUNTIME_URL"),
    smokeTenantId: read("SMOKE_TENANT_ID"),
    smokeApiKey: read("SMOKE_API_KEY"),
  };
  if (env.engineDatabaseUrl !== undefined && env.databaseUrl === undefined) problems.push(engineAlone);
  if (env.databaseDirectUrl !== undefined && env.databaseUrl === undefined) problems.push(directAlone);
  problems.push(...exampleSecrets(source));
  if (problems.length > 0) throw new AppError("BAD_USER_INPUT", "ENVIRONMENT_INVALID", problems.join("\n"));
  return env;
}

/** A variable with the platform's prefix that nothing reads. */
export interface UnknownVariable {
  name: string;
  /** The one that is written nearly so. */
  meant: string | undefined;
}

/** Variables that nothing reads, though their prefix says that they are the platform's. @param subgraphs  names, for the variables of each. */
export function unknownVariables(source: Record<string, string | undefined>, subgraphs: readonly string[]): UnknownVariable[] {
  const suffixes = ["_DATABASE_URL", "_ENGINE_DATABASE_URL", "_SUBGRAPH_URL"];
  const ofSubgraphs = subgraphs.flatMap((name) => suffixes.map((suffix) => name.toUpperCase() + suffix));
  const known = new Set([...Object.keys(variables), ...ofSubgraphs]);
  const named = Object.keys(source).filter((name) => name.startsWith(prefix) && source[name] !== undefined);
  return named.flatMap((name) => {
    const word = name.slice(prefix.length);
    if (known.has(word)) return [];
    const meant = closestMatch(word, [...known], { maxDistance: Math.ceil(word.length / 3) });
    return [{ name, meant: meant && prefix + meant }];
  });
}

/** The defaults, with some values replaced; for tests and for tools that need no environment. */
export function defaultEnv(overrides: Partial<Env> = {}): Env {
  return { ...parseEnv({}), ...overrides };
}

const engineAlone = `${prefix}ENGINE_DATABASE_URL names a role of the database of ${prefix}DATABASE_URL, which is not set. Set both, or neither.`;

const directAlone = `${prefix}DATABASE_DIRECT_URL leads past the pooler of ${prefix}DATABASE_URL, which is not set. Set both, or only ${prefix}DATABASE_URL.`;

const secret = (name: string) => /KEY|TOKEN|URL/.test(name) && !/_(PER_KEY|FAILED_KEYS)$/.test(name);

/** Stands in docker/.env.example wherever a secret belongs. */
const exampleSecret = "change-me";

/** Everybody knows those. */
function exampleSecrets(source: Record<string, string | undefined>): string[] {
  const found = Object.keys(source).filter((name) => name.startsWith(prefix) && secret(name) && source[name]?.includes(exampleSecret));
  return found.map((name) => `${name}=(hidden): has a secret of the example, ${exampleSecret}. Make one of your own: openssl rand -hex 32`);
}

/** AGENT_PLATFORM_TOOL_DATABASE_URL and its like, as { tool: … }. */
function bySubgraph(source: Record<string, string | undefined>, suffix: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(source)) {
    if (!value || !name.startsWith(prefix) || !name.endsWith(suffix)) continue;
    const subgraph = name.slice(prefix.length, -suffix.length).toLowerCase();
    // The engine's have names of the same end.
    if (subgraph !== "" && !/(^|_)engine$/.test(subgraph)) found[subgraph] = value;
  }
  return found;
}
