/**
 * An embedded PostgreSQL: real binaries from npm, data in a folder, a Unix socket and no port. One server a folder: it outlives a killed parent, and the
 * next start takes it over. It runs detached, so that Ctrl-C in a terminal stops the platform first and the database after it.
 */
import { spawn } from "node:child_process";
import { chmodSync, chownSync, closeSync, fstatSync, lstatSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { longestSocketPath } from "#shared/serve/listen.ts";
import { signalChild, signalProcess } from "#shared/signal-process.ts";
import { postgresBinaries, type PostgresBinaries } from "./binaries.ts";
import { openCluster } from "./cluster.ts";
import { postgresErrors } from "./errors.ts";
import { loginRules } from "./login-rules.ts";
import { isServing, readPostmaster, type Postmaster } from "./postmaster.ts";
import { serverUser, type ServerUser } from "./server-user.ts";

/** What to start, and how patiently. */
export interface PostgresOptions {
  /** The cluster's folder; its socket folder and log lie beside it. */
  folder: string;
  /** Configuration parameters that win over the defaults. */
  settings?: Readonly<Record<string, string>>;
  /** 180 s; the first start of a cluster includes making it. */
  startDeadlineMs?: number;
  /** 15 s. */
  stopDeadlineMs?: number;
  /** That of a server that has ended: its clients find the new one in the same place. */
  socketFolder?: string;
}

/** A running server. */
export interface PostgresServer {
  /** False when it ran already, left by a process that was killed. */
  readonly isStartedHere: boolean;
  readonly pid: number;
  readonly logFile: string;
  readonly socketFolder: string;
  /** False once it has ended, however that came. */
  isRunning(): boolean;
  /** False once its socket is gone, which somebody took from beneath it: it runs, and nobody gets in. */
  isReachable(): boolean;
  /** A connection URL for a role; the server's user and root may log in as any, `postgres` is the superuser. */
  url(role: string, database: string): string;
  /** Stops the server and waits for its end. @throws AppError POSTGRES_NOT_STOPPED */
  stop(): Promise<void>;
}

const largestLogBytes = 10 * 1024 * 1024;

const defaultSettings = {
  // Durable: a finished run survives a power cut.
  fsync: "on",
  synchronous_commit: "on",
  shared_buffers: "256MB",
  max_connections: "200",
  max_wal_size: "2GB",
  checkpoint_timeout: "15min",
  // The first change of a page after a checkpoint logs the whole page: a node run at 32 at once takes 690 bytes of log with it, 800 without (bench cost, 2026-11).
  wal_compression: "pglz",
  // Statements are short; compiling them costs more than it gives.
  jit: "off",
  listen_addresses: "",
  unix_socket_permissions: "0700",
};

/**
 * Starts the server of a folder, or takes over the one that runs on it.
 *
 * @throws AppError of `postgresErrors`, each naming the way out.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const deadlineMs = options.startDeadlineMs ?? 180_000;
  const deadline = performance.now() + deadlineMs;
  const user = serverUser(options.folder);
  const binaries = postgresBinaries(user);
  const cluster = await openCluster(options.folder, binaries, user, deadlineMs);
  const logFile = `${options.folder}.log`;
  const stopDeadlineMs = options.stopDeadlineMs ?? 15_000;

  const running = await settledPostmaster(cluster, deadline);
  if (running) return serverOf({ cluster, postmaster: running, logFile, isStartedHere: false, stopDeadlineMs });
  const launched = await launch({
    cluster,
    binaries,
    user,
    logFile,
    settings: options.settings ?? {},
    deadline,
    socketFolder: options.socketFolder,
  });
  return serverOf({ cluster, postmaster: launched, logFile, isStartedHere: true, stopDeadlineMs });
}

/** Waits until the server that holds the cluster is ready or gone. */
async function settledPostmaster(cluster: string, deadline: number): Promise<Postmaster | undefined> {
  const since = performance.now();
  for (;;) {
    const postmaster = readPostmaster(cluster);
    if (postmaster === undefined) return undefined;
    if (!isServing(postmaster)) {
      // PostgreSQL would refuse to start when the pid is a stranger's by now.
      rmSync(join(cluster, "postmaster.pid"), { force: true });
      return undefined;
    }
    if (postmaster.status === "ready" && (await answers(postmaster))) return postmaster;
    if (performance.now() > deadline) {
      throw postgresErrors.POSTGRES_NOT_ANSWERING({
        folder: cluster,
        pid: postmaster.pid,
        seconds: Math.round((performance.now() - since) / 1000),
      });
    }
    await sleep(50);
  }
}

interface Launch {
  cluster: string;
  binaries: PostgresBinaries;
  user: ServerUser | undefined;
  logFile: string;
  settings: Readonly<Record<string, string>>;
  deadline: number;
  socketFolder: string | undefined;
}

async function launch(plan: Launch): Promise<Postmaster> {
  const socketFolder = makeSocketFolder(plan);
  for (;;) {
    const attempt = startProcess(plan, socketFolder);
    const postmaster = await attempt.ready;
    if (postmaster) return postmaster;
    const story = attempt.story();
    // The backends of a postmaster that was killed need a moment to notice; until then their memory stands in the way.
    const isInTheWay = /shared memory block|lock file .* already exists/.test(story);
    if (!isInTheWay || performance.now() > plan.deadline) {
      throw postgresErrors.POSTGRES_NOT_STARTED({ folder: plan.cluster, logFile: plan.logFile, story: story || "It said nothing." });
    }
    await sleep(200);
  }
}

/** Starts the program once; `ready` gives nothing when it ended or the deadline passed. */
function startProcess(plan: Launch, socketFolder: string): { ready: Promise<Postmaster | undefined>; story(): string } {
  const { descriptor, start } = openLog(plan.logFile);
  const settings = { ...defaultSettings, ...loginRules(plan.cluster), ...plan.settings, unix_socket_directories: socketFolder };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = spawn(plan.binaries.postgres, ["-D", plan.cluster, ...flags], {
    ...plan.user,
    cwd: "/",
    detached: true,
    stdio: ["ignore", descriptor, descriptor],
    env: { LC_ALL: "C", PATH: "/usr/bin:/bin" },
  });
  closeSync(descriptor);
  child.unref();
  let failure: Error | undefined;
  let hasEnded = false;
  child.on("error", (error) => (failure = error));
  child.on("exit", () => (hasEnded = true));
  const ready = async (): Promise<Postmaster | undefined> => {
    while (!hasEnded && !failure && performance.now() < plan.deadline) {
      const postmaster = readPostmaster(plan.cluster);
      const isReady = postmaster !== undefined && postmaster.pid === child.pid && postmaster.status === "ready";
      const answer = isReady ? await answerOf(postmaster) : "none";
      if (answer instanceof Error) failure = answer;
      if (isReady && answer === "served") {
        // Who ends segments of its log by time fell asleep for a whole checkpoint_timeout while the server was still starting: this wakes it.
        if (plan.settings["archive_timeout"] !== undefined) signalChild(child, "SIGHUP");
        return postmaster;
      }
      await sleep(20);
    }
    signalChild(child, "SIGQUIT");
    return undefined;
  };
  return { ready: ready(), story: () => failure?.message ?? lastLines(readFileSync(plan.logFile, "utf8").slice(start).trim()) };
}

/** A fact of an error takes 1,000 characters, and the last line says why. */
const longestStory = 900;

function lastLines(text: string): string {
  if (text.length <= longestStory) return text;
  const last = text.slice(-longestStory);
  // From the beginning of a line, where more than one fits.
  return last.slice(last.indexOf("\n") + 1);
}

function openLog(logFile: string): { descriptor: number; start: number } {
  const descriptor = openSync(logFile, "a", 0o600);
  const start = fstatSync(descriptor).size;
  if (start < largestLogBytes) return { descriptor, start };
  closeSync(descriptor);
  return { descriptor: openSync(logFile, "w", 0o600), start: 0 };
}

const socketName = ".s.PGSQL.5432";

/**
 * Only the server's user (and root) may enter, whom alone its {@link loginRules} know.
 *
 * @throws AppError POSTGRES_SOCKET_FOREIGN
 */
function makeSocketFolder({ cluster, user, socketFolder }: Launch): string {
  const beside = `${cluster}-socket`;
  const isShort = Buffer.byteLength(join(beside, `${socketName}.lock`)) <= longestSocketPath;
  const wanted = socketFolder ?? (isShort ? beside : undefined);
  if (wanted !== undefined) makeOwnFolder(wanted, user);
  const folder = wanted ?? mkdtempSync("/tmp/agent-platform-");
  chmodSync(folder, 0o700);
  if (user) chownSync(folder, user.uid, user.gid);
  return folder;
}

/** One in /tmp has a name that others saw; once it is gone anybody may make it, or a link of that name. What is there is followed nowhere and taken from nobody. */
function makeOwnFolder(folder: string, user: ServerUser | undefined): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
    return;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
  }
  const found = lstatSync(folder);
  if (!found.isDirectory() || ![process.getuid?.(), user?.uid].includes(found.uid)) {
    throw postgresErrors.POSTGRES_SOCKET_FOREIGN({ folder, uid: found.uid, isFolder: found.isDirectory() });
  }
}

function serverOf(server: {
  cluster: string;
  postmaster: Postmaster;
  logFile: string;
  isStartedHere: boolean;
  stopDeadlineMs: number;
}): PostgresServer {
  const { postmaster, cluster } = server;
  return {
    isStartedHere: server.isStartedHere,
    pid: postmaster.pid,
    logFile: server.logFile,
    socketFolder: postmaster.socketFolder,
    isRunning: () => isRunning(cluster, postmaster),
    isReachable: () => isThere(join(postmaster.socketFolder, socketName)),
    url: (role, database) => socketUrl(postmaster, role, database),
    stop: () => stopPostmaster(cluster, postmaster, server.stopDeadlineMs),
  };
}

/** False where it is known to be gone; not where it cannot be looked at. */
function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== "ENOENT";
  }
}

function isRunning(cluster: string, postmaster: Postmaster): boolean {
  return readPostmaster(cluster)?.pid === postmaster.pid && isServing(postmaster);
}

async function stopPostmaster(cluster: string, postmaster: Postmaster, deadlineMs: number): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  // SIGINT is a "fast" stop: it ends sessions and writes a checkpoint.
  if (isRunning(cluster, postmaster)) signalProcess(postmaster.pid, "SIGINT");
  while (isRunning(cluster, postmaster)) {
    if (performance.now() > deadline) {
      throw postgresErrors.POSTGRES_NOT_STOPPED({ folder: cluster, pid: postmaster.pid, seconds: Math.round(deadlineMs / 1000) });
    }
    await sleep(20);
  }
  rmSync(postmaster.socketFolder, { recursive: true, force: true });
}

function socketUrl(postmaster: Postmaster, role: string, database: string): string {
  return `postgres://${role}@/${database}?host=${encodeURIComponent(postmaster.socketFolder)}`;
}

async function answers(postmaster: Postmaster): Promise<boolean> {
  return (await answerOf(postmaster)) === "served";
}

/** Pages, or an index, that are no longer what was written; a file that is missing. */
const damage = new Set(["XX001", "XX002", "58P01"]);

/** An error: what it has stored is damaged, so it will let nobody in, however long one waits. */
async function answerOf(postmaster: Postmaster): Promise<"served" | "none" | Error> {
  const client = new pg.Client({ connectionString: socketUrl(postmaster, "postgres", "postgres"), connectionTimeoutMillis: 2_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return "served";
  } catch (cause) {
    return cause instanceof pg.DatabaseError && damage.has(cause.code ?? "") ? cause : "none";
  } finally {
    await client.end().catch(() => {});
  }
}
