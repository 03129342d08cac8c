/** The platform as `npm start` runs it: a supervisor with its parts as processes of their own, on a throw-away data folder and a PostgreSQL of its own. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { createClient, type ClientOptions, type GraphClient } from "#codegen/client/client.ts";
import { readPostmaster } from "#shared/postgres/postmaster.ts";
import { processIdentity } from "#shared/process-identity.ts";
import { startOwnPlatform } from "../../cli/client/trials/own-platform.ts";
import { runningInstance } from "../../cli/process/instance-lock.ts";
import { freePorts } from "./free-ports.ts";
import { postTo, type GraphAnswer } from "./platform.ts";

/** A part that is a Node process. */
export type PartName = "API" | "worker" | "suspects";

/** A process as it is told by turn-watch.ts. */
export interface SeenProcess {
  /** The longest turn of its main loop since it was asked last, in ms of processor time without collections of garbage. */
  longestMs: number;
  rssBytes: number;
}

/** A running platform. */
export interface PlatformProcesses {
  url: string;
  dataDir: string;
  /** Of the supervisor. */
  pid: number;
  /** @throws Error when it has ended by itself: whoever waits for it waits in vain. */
  requireLife(): void;
  /** Of a part; 0: it does not live now. */
  part(name: PartName): number;
  /** Of all workers that live. */
  workers(): number[];
  /** Of PostgreSQL; 0: it does not live. */
  database(): number;
  /** Asks a part's process. */
  ask(name: PartName): Promise<SeenProcess>;
  /** The bytes that a part's process keeps: of its main thread's heap and beside it, without garbage. */
  keeps(name: PartName): Promise<number>;
  /** Has a part's main loop compute for so many ms of processor time. It has begun soon after. */
  computes(name: PartName, ms: number): Promise<void>;
  /** A client of a tenant; `t1` unless given. Closed with the platform. */
  client(options?: Partial<ClientOptions>): GraphClient;
  /** Sends any operation and gives the whole answer. */
  post(query: string, variables?: Record<string, unknown>, headers?: Record<string, string>): Promise<GraphAnswer>;
  /** The status of a path beside the graph: `/livez`. */
  get(path: string): Promise<Response>;
  /** The superuser's address of its database. */
  adminUrl: string;
  stop(): Promise<void>;
}

const watch = fileURLToPath(new URL("./turn-watch.ts", import.meta.url));

/** Starts it; settings are variables without their prefix. */
export async function startPlatformProcesses(settings: Record<string, string> = {}): Promise<PlatformProcesses> {
  // Short: it holds sockets.
  const dataDir = await mkdtemp(join(tmpdir(), "agent-platform-started-"));
  await chmod(dataDir, 0o755);
  // oxlint-disable-next-line node/no-process-env -- what `npm start` is started with
  const environment = { ...process.env, TURN_WATCH: dataDir, NODE_OPTIONS: `--import ${watch}` };
  // An API that is killed comes back to its port, which nobody else must have been given meanwhile.
  const [port] = await freePorts(1);
  const platform = await startOwnPlatform({ environment, dataDir, settings: { LOG_LEVEL: "warn", PORT: String(port), ...settings } });
  const clients: GraphClient[] = [];
  const known = () => runningInstance(dataDir)?.children ?? [];
  const pidOf = (name: string) => known().find(({ part }) => part === name)?.pid ?? 0;
  const told = async (name: PartName, socket: string, said = "") =>
    JSON.parse(await text(connect(join(dataDir, `${pidOf(name)}.${socket}`)).end(said))) as unknown;
  return {
    url: platform.graphUrl,
    dataDir,
    pid: platform.pid,
    requireLife() {
      if (processIdentity(platform.pid) === undefined) throw new Error(`the platform has ended; its log is in ${dataDir}`);
    },
    part: pidOf,
    workers: () => known().flatMap(({ part, pid }) => (part === "worker" ? [pid] : [])),
    database: () => readPostmaster(join(dataDir, "postgres"))?.pid ?? 0,
    ask: async (name) => (await told(name, "turns")) as SeenProcess,
    keeps: async (name) => (await told(name, "kept")) as number,
    computes: async (name, ms) => void (await told(name, "busy", String(ms))),
    client(options) {
      const client = createClient({ url: platform.graphUrl, tenantId: "t1", ...options });
      clients.push(client);
      return client;
    },
    post: (query, variables, headers) => postTo(platform.graphUrl, query, variables, headers),
    get: (path) => fetch(new URL(path, platform.graphUrl)),
    adminUrl: `postgres://postgres@/agent_platform?host=${encodeURIComponent(join(dataDir, "postgres-socket"))}`,
    async stop() {
      await Promise.all(clients.map((client) => client.close()));
      await platform.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}
