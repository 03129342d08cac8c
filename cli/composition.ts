/** The parts of the platform as the commands see them; `parts.ts` puts them together. */
import type { Env } from "#shared/config.ts";
import type { Log } from "#shared/log.ts";
import type { InternalKeys } from "#shared/trust/internal-keys.ts";
import type { PartHealth } from "#shared/part-health.ts";
import type { GuardSettings } from "#shared/process-guard.mjs";

/** An environment with a prepared database. */
export type PreparedEnv = Env & { databaseUrl: string };

/** The same with a key for secrets, for those who keep or read them. */
export type ReadyEnv = PreparedEnv & { encryptionKey: string };

/** What a part is started with. */
export interface StartOptions {
  log: Log;
  /** By which it is known to the other processes of the platform, and knows them. */
  keys: InternalKeys;
  /** Says what is being done now, to a person who waits. */
  progress: (step: string) => void;
  /** Aborted when it is to stop meanwhile: what waits for other processes waits no longer. */
  stopping?: AbortSignal | undefined;
}

/** A started part of the platform. */
export interface RunningPart {
  /** Stops it cleanly, within seconds. */
  stop(): Promise<void>;
  /** Resolves when there is nothing left for it to do. Most parts go on until they are stopped. */
  finished?: Promise<void>;
  /** What the processes have counted that it started, a text each. */
  metrics?(): Promise<string[]>;
}

/** A part that listens. */
export interface RunningServer extends RunningPart {
  /** Where its graph is, such as http://127.0.0.1:4000/graphql. */
  graphUrl: string;
  /** What a person should know, such as that code nodes cannot run here. A line each. */
  notes?: string[];
  /** Does in the background what the first visitor of its pages would else wait for; once it serves. */
  prepareGraphiql?(): void;
}

/** Router and subgraphs in one process. */
export interface RunningPlatform extends RunningServer {
  notes: string[];
}

/** What router and subgraphs in one process are started with. */
export interface PlatformOptions extends StartOptions {
  /** The Unix socket at which worker processes reach the subgraphs that they call. */
  workerSocket: string;
  /** Written into all that it claims, as {@link WorkerOptions.claimMark}. */
  claimMark?: string | undefined;
  /** Why the platform is not ready, where somebody outside of this process knows; asked at each look at the readiness. */
  trouble?: () => string | undefined;
  /** How the parts fare, where a supervisor tells. */
  parts?: () => readonly PartHealth[];
}

/** Which nodes a worker takes. */
export interface WorkerOptions {
  /** Node types; all when undefined. */
  only?: string[];
  /** Outside calls side by side; the environment's when undefined. */
  concurrency?: number;
  /** Takes only what has outlived two owners, one row at a time, and is finished when there is none. */
  suspects?: boolean;
  /** Told, at most once a second, while something is due that has outlived two owners: this worker does not take it. */
  onSuspect?: () => void;
  /** Guards the process, which is then this worker's alone. */
  guard?: GuardSettings;
  /** Written into all that it claims: by it its parent finds that when it has died. A secret of the two, and of this one process. */
  claimMark?: string;
}

/** A process with leases that died, as its parent knew it. */
export interface DeadWorker {
  claimMark: string;
  /** The run that it is known to have died of. */
  blamedRunId: string | undefined;
}

/** A key as the operator sees it. */
export interface KeyFacts {
  id: string;
  tenantId: string;
  name: string;
  prefix: string;
  status: string;
  isAdmin: boolean;
  /** Null: everything of its tenant. */
  scopes: string[] | null;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
}

/** A key that the operator makes. */
export interface MadeKey {
  tenantId: string;
  name: string;
  scopes: readonly string[] | null;
  isAdmin: boolean;
  expiresAt: Date | null;
}

/** API keys, by the database. */
export interface KeyAdmin {
  create(made: MadeKey): Promise<{ id: string; secret: string }>;
  list(tenantId: string | undefined): Promise<KeyFacts[]>;
  /** @throws AppError API_KEY_NOT_FOUND */
  revoke(idOrPrefix: string): Promise<void>;
  close(): Promise<void>;
}

/** What a rewrap did to a table. */
export interface Rewrapped {
  table: string;
  /** Rows that were encrypted anew. */
  rows: number;
  /** What no key of the environment opens: ids, or tenants. */
  unreadable: string[];
}

/** A place where audits are not as they were written; router/access/audits/audit-verify.ts says what each fault is. */
export interface BrokenAudit {
  fault: "CHANGED" | "REMOVED" | "INSERTED" | "LINK_CHANGED" | "LINK_REMOVED" | "CUT";
  tenantId: string;
  day: string;
  seq: number | null;
  auditId: string | null;
}

/** Told while audits are held against their chains. */
export interface AuditTelling {
  chain(chain: { tenantId: string; day: string; links: number; head: string }): void;
  broken(place: BrokenAudit): void;
}

/** Migrations that the schema of a subgraph lacks. */
export interface PendingMigrations {
  subgraph: string;
  migrations: string[];
}

/** What can be started and done. */
export interface Composition {
  /** Loads what `startPlatform` runs; for the time in which something else is waited for. */
  preload(): Promise<void>;
  /** Makes and keeps what first starts would make, each in turn, and is done: compiled code of all parts, GraphiQL's bundle. */
  prepare(log: Log): Promise<void>;
  /** Brings the schemas to this version; the databases are prepared. @returns what was lacking. */
  migrate(env: PreparedEnv): Promise<PendingMigrations[]>;
  /** What `migrate` would do now. */
  pendingMigrations(env: PreparedEnv): Promise<PendingMigrations[]>;
  openKeys(env: ReadyEnv): Promise<KeyAdmin>;
  /** Holds audits, of one tenant or of all, against their chains. */
  verifyAudits(env: ReadyEnv, tenantId: string | undefined, tell: AuditTelling): Promise<void>;
  /** Encrypts anew, with the newest key, what an older one encrypted. */
  rewrapSecrets(env: ReadyEnv): Promise<Rewrapped[]>;
  startPlatform(env: ReadyEnv, options: PlatformOptions): Promise<RunningPlatform>;
  startRouter(env: ReadyEnv, options: StartOptions): Promise<RunningServer>;
  startSubgraph(name: string, env: ReadyEnv, options: StartOptions): Promise<RunningServer>;
  startWorker(env: PreparedEnv, worker: WorkerOptions, options: StartOptions): Promise<RunningPart>;
  /** Frees the leases of a worker, or of an API, that died. */
  freeLeases(env: PreparedEnv, worker: DeadWorker, log: Log): Promise<void>;
  /** Where a worker process finds the subgraphs that it calls, by name, at the platform of that socket. */
  workerUrls(workerSocket: string): Record<string, string>;
  /** The names that `startSubgraph` knows. */
  subgraphNames: readonly string[];
}
