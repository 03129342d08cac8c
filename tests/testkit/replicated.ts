/**
 * Two PostgreSQL servers, a primary and its synchronous standby, behind one address on loopback that leads to whichever is the primary: what a cluster of
 * several machines looks like to its clients. The standby is a copy of the primary's folder, taken while that serves.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import pg from "pg";
import { postgresBinaries } from "#shared/postgres/binaries.ts";
import { prepareEmbeddedDatabase } from "#shared/postgres/prepare.ts";
import { startPostgres, type PostgresServer } from "#shared/postgres/server.ts";
import { serverUser } from "#shared/postgres/server-user.ts";
import { signalProcess } from "#shared/signal-process.ts";
import { eventually } from "./eventually.ts";

/** The two servers. */
export interface ReplicatedDatabase extends AsyncDisposable {
  /** For the platform's role, by the address that leads to the primary. */
  url: string;
  /** Of the superuser, by the same address. */
  adminUrl: string;
  /** Leads new connections to a server, and breaks those that there are. */
  leadTo(server: "primary" | "standby"): void;
  /** Ends the primary as a power cut does, makes the standby the primary, and leads clients to it. */
  failOver(): Promise<void>;
  /** Starts the primary that {@link failOver} has ended, as nobody should: it knows of no fail-over, and clients are led to it. */
  oldPrimaryReturns(): Promise<void>;
}

const settings = { shared_buffers: "64MB", wal_level: "replica", max_wal_senders: "4", max_connections: "100" };

/** Starts both; each commit is on both before it is acknowledged. */
export async function startReplicatedDatabase(): Promise<ReplicatedDatabase> {
  const folder = await mkdtemp("/tmp/agent-platform-replicated-");
  chmodSync(folder, 0o755);
  const primaryFolder = join(folder, "primary");
  // The folders of the sockets are what keeps others out.
  const rules = join(folder, "hba.conf");
  writeFileSync(rules, "local all all trust\nlocal replication all trust\n");
  let primary = await startPostgres({ folder: primaryFolder, settings: { ...settings, hba_file: rules } });
  await prepareEmbeddedDatabase(primary.url);
  const standby = await startStandby({ primary, from: primaryFolder, folder: join(folder, "standby"), rules });
  const relay = await startRelay(primary.socketFolder);
  const address = (role: string) => `postgres://${role}@127.0.0.1:${relay.port}/agent_platform`;
  const leadTo = (server: "primary" | "standby") => relay.leadTo(server === "primary" ? primary.socketFolder : standby.socketFolder);
  return {
    url: address("agent_platform"),
    adminUrl: address("postgres"),
    leadTo,
    async failOver() {
      await killAll(primary);
      await asAdmin(socketUrl(standby.socketFolder), async (client) => void (await client.query("select pg_promote()")));
      leadTo("standby");
    },
    async oldPrimaryReturns() {
      primary = await startPostgres({ folder: primaryFolder, settings: { ...settings, hba_file: rules, synchronous_commit: "local" } });
      leadTo("primary");
    },
    async [Symbol.asyncDispose]() {
      relay.close();
      standby.child.kill("SIGQUIT");
      await once(standby.child, "exit");
      if (primary.isRunning()) await primary.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

interface StandbyPlan {
  primary: PostgresServer;
  /** The primary's. */
  from: string;
  folder: string;
  /** Who may log in. */
  rules: string;
}

interface Standby {
  socketFolder: string;
  child: ChildProcess;
}

async function startStandby({ primary, from, folder, rules }: StandbyPlan): Promise<Standby> {
  await copyServing(primary, from, folder);
  const socketFolder = `${folder}-socket`;
  mkdirSync(socketFolder, { mode: 0o700 });
  takeOver(socketFolder, from);
  const named = { ...settings, hba_file: rules, listen_addresses: "", unix_socket_directories: socketFolder, cluster_name: "standby" };
  const primary_conninfo = `host=${primary.socketFolder} user=postgres application_name=standby`;
  const flags = Object.entries({ ...named, primary_conninfo, hot_standby: "on" }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const user = serverUser(from);
  const child = spawn(postgresBinaries(user).postgres, ["-D", folder, ...flags], {
    ...user,
    cwd: "/",
    stdio: ["ignore", "ignore", "ignore"],
    env: { LC_ALL: "C", PATH: "/usr/bin:/bin" },
  });
  await asAdmin(socketUrl(primary.socketFolder), async (client) => {
    const replicas = async () => (await client.query<{ state: string; sync_state: string }>("select * from pg_stat_replication")).rows;
    await eventually(replicas, ([replica]) => replica?.state === "streaming");
    await client.query("alter system set synchronous_standby_names = 'ANY 1 (standby)'");
    await client.query("select pg_reload_conf()");
    await eventually(replicas, ([replica]) => replica?.sync_state === "quorum");
  });
  return { socketFolder, child };
}

/** A base backup by hand: what the server writes meanwhile is in the log that the standby reads. */
async function copyServing(primary: PostgresServer, from: string, to: string): Promise<void> {
  await asAdmin(socketUrl(primary.socketFolder), async (client) => {
    await client.query("select pg_backup_start('standby', true)");
    const isLeftOut = (path: string) => /\/(postmaster\.(pid|opts)|pg_replslot\/.+)$/.test(path);
    cpSync(from, to, { recursive: true, filter: (path) => !isLeftOut(path) });
    const { rows } = await client.query<{ labelfile: string }>("select labelfile from pg_backup_stop()");
    writeFileSync(join(to, "backup_label"), rows[0]!.labelfile);
    writeFileSync(join(to, "standby.signal"), "");
    chmodSync(to, 0o700);
    takeOver(to, from);
  });
}

/** Gives a folder or a file to whom another belongs. */
function takeOver(path: string, like: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(like);
  execFileSync("chown", ["-R", `${uid}:${gid}`, path]);
}

const socketUrl = (folder: string) => `postgres://postgres@/postgres?host=${encodeURIComponent(folder)}`;

async function asAdmin(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** The server's every process at once, so that none says a last word. */
async function killAll(server: PostgresServer): Promise<void> {
  const children = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, "utf8").trim().split(" ").map(Number);
  for (const pid of [server.pid, ...children]) kill(pid);
  await eventually(
    () => server.isRunning(),
    (isRunning) => !isRunning,
  );
}

function kill(pid: number): void {
  try {
    signalProcess(pid, "SIGKILL");
  } catch {
    // It had ended by itself.
  }
}

interface Relay {
  port: number;
  leadTo(socketFolder: string): void;
  close(): void;
}

async function startRelay(first: string): Promise<Relay> {
  let target = first;
  const sockets = new Set<Socket>();
  const cut = () => sockets.forEach((socket) => socket.destroy());
  const server = createServer((near) => {
    const far = connect(join(target, ".s.PGSQL.5432"));
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => [near, far].forEach((each) => each.destroy()));
      socket.on("close", () => sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    leadTo(socketFolder) {
      target = socketFolder;
      cut();
    },
    close() {
      server.close();
      cut();
    },
  };
}
