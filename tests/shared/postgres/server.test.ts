import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import pg from "pg";
import { readPostmaster } from "#shared/postgres/postmaster.ts";
import { startPostgres, type PostgresServer } from "#shared/postgres/server.ts";
import { signalProcess } from "#shared/signal-process.ts";
import { eventually } from "../../testkit/eventually.ts";

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A cluster to copy: making one takes longer than all else in a start. */
let seed: string;
beforeAll(async () => {
  seed = mkdtempSync("/tmp/agent-platform-pg-");
  chmodSync(seed, 0o755);
  await (await startPostgres({ folder: join(seed, "postgres"), settings: { fsync: "off", shared_buffers: "16MB" } })).stop();
});
afterAll(() => rmSync(seed, { recursive: true, force: true }));

/** A folder for one cluster, and a start that is undone after the test. `isNew`: nothing is there yet. */
function setup({ beneath = "", isNew = false } = {}) {
  const root = mkdtempSync("/tmp/agent-platform-pg-");
  chmodSync(root, 0o755);
  cleanups.push(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, beneath, "postgres");
  mkdirSync(dirname(folder), { recursive: true });
  if (!isNew) execFileSync("cp", ["-a", join(seed, "postgres"), folder]);
  const start = async (socketFolder?: string): Promise<PostgresServer> => {
    const server = await startPostgres({
      folder,
      settings: { fsync: "off", shared_buffers: "16MB" },
      ...(socketFolder && { socketFolder }),
    });
    cleanups.push(() => server.stop());
    return server;
  };
  return { root, folder, start };
}

describe("startPostgres", () => {
  it("says that nobody reaches it where its socket was taken away, and has it in the same place when it starts again", async () => {
    const t = setup();
    const first = await t.start();
    expect(first.isReachable()).toBe(true);
    rmSync(first.socketFolder, { recursive: true });
    expect([first.isRunning(), first.isReachable()]).toEqual([true, false]);
    await first.stop();
    const second = await t.start(first.socketFolder);
    expect([second.socketFolder, second.isReachable()]).toEqual([first.socketFolder, true]);
    expect(statSync(second.socketFolder).mode & 0o777).toBe(0o700);
  });

  it("does not take a place for its socket that somebody else made meanwhile: a link, or another's folder", async () => {
    const t = setup();
    const [theirs, link] = [join(t.root, "theirs"), join(t.root, "link")];
    mkdirSync(theirs, { mode: 0o755 });
    symlinkSync(theirs, link);
    const told = { reason: "POSTGRES_SOCKET_FOREIGN", facts: { folder: link, isFolder: false } };
    await expect(t.start(link)).rejects.toMatchObject(told);
    expect(statSync(theirs).mode & 0o777).toBe(0o755);
    if (process.getuid?.() !== 0) return;
    chownSync(theirs, 4_711, 4_711);
    await expect(t.start(theirs)).rejects.toMatchObject({ reason: "POSTGRES_SOCKET_FOREIGN", facts: { uid: 4_711, isFolder: true } });
    expect(statSync(theirs).uid).toBe(4_711);
  });

  it("listens on a Unix socket that only its user may reach, and on no port", async () => {
    const t = setup({ isNew: true });
    const server = await t.start();
    expect(await query(server, "show listen_addresses")).toEqual([{ listen_addresses: "" }]);
    const socket = new URLSearchParams(server.url("postgres", "postgres").split("?")[1]).get("host") ?? "";
    expect(statSync(socket).mode & 0o777).toBe(0o700);
  });

  it("lets the system say who logs in, on a folder of the version that trusted everybody too", async () => {
    const t = setup();
    await (await t.start()).stop();
    writeFileSync(join(t.folder, "pg_hba.conf"), "local all all trust\n");
    for (const name of ["agent_platform_hba.conf", "agent_platform_ident.conf"]) rmSync(join(t.folder, name));
    const server = await t.start();
    const rules = "select type, user_name, auth_method, options from pg_hba_file_rules";
    expect(await query(server, rules)).toEqual([
      { type: "local", user_name: ["all"], auth_method: "peer", options: ["map=agent_platform"] },
    ]);
    const names = (await query(server, "select sys_name, pg_username from pg_ident_file_mappings")) as { sys_name: string }[];
    const owner = statSync(t.folder).uid;
    const known = [...new Set([0, owner])].map((uid) => execFileSync("id", ["-un", String(uid)], { encoding: "utf8" }).trim());
    expect(names).toEqual(known.map((name) => ({ sys_name: name, pg_username: "all" })));
  });

  it("is durable unless it is told otherwise", async () => {
    const t = setup();
    const server = await startPostgres({ folder: t.folder });
    cleanups.push(() => server.stop());
    const [settings] = await query(server, "select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit");
    expect(settings).toEqual({ fsync: "on", commit: "on" });
  });

  it("keeps the data over a stop and a start", async () => {
    const t = setup();
    const first = await t.start();
    await query(first, "create table kept (it int)");
    await first.stop();
    expect(readPostmaster(t.folder)).toBeUndefined();
    const second = await t.start();
    expect(second.isStartedHere).toBe(true);
    expect(await query(second, "select count(*)::int as rows from kept")).toEqual([{ rows: 0 }]);
  });

  it("takes over the server that runs on the folder, and never starts two", async () => {
    const t = setup();
    const first = await t.start();
    const second = await t.start();
    expect(second).toMatchObject({ isStartedHere: false, pid: first.pid });
    expect(second.url("a", "b")).toBe(first.url("a", "b"));
  });

  it("starts after its server was killed, though its lock file is left", async () => {
    const t = setup();
    const killed = await t.start();
    signalProcess(killed.pid, "SIGKILL");
    const next = await t.start();
    expect(next.isStartedHere).toBe(true);
    await query(next, "select 1");
  });

  it("starts when the pid in a left lock file belongs to another program by now", async () => {
    const t = setup();
    await (await t.start()).stop();
    writeFileSync(join(t.folder, "postmaster.pid"), `${process.pid}\n${t.folder}\n1\n5432\n/nowhere\n\n\nready\n`);
    expect((await t.start()).isStartedHere).toBe(true);
  });

  it("puts its socket elsewhere when the folder's path is too long for one", async () => {
    const t = setup({ beneath: "long".repeat(25) });
    const server = await t.start();
    expect(server.url("postgres", "postgres")).toContain(encodeURIComponent("/tmp/agent-platform-"));
    await query(server, "select 1");
  });

  it("says what to do when another major version made the folder", async () => {
    const t = setup();
    await (await t.start()).stop();
    writeFileSync(join(t.folder, "PG_VERSION"), "15\n");
    await expect(t.start()).rejects.toMatchObject({
      reason: "POSTGRES_VERSION_DIFFERS",
      facts: { found: "15", ours: "18" },
      message: expect.stringMatching(/pg_dump.*AGENT_PLATFORM_DATABASE_URL/s),
    });
  });

  it("tells what the server said when it does not start, and the way out", async () => {
    const t = setup();
    const failure = startPostgres({ folder: t.folder, settings: { shared_buffers: "much" } });
    await expect(failure).rejects.toMatchObject({
      reason: "POSTGRES_NOT_STARTED",
      message: expect.stringMatching(/shared_buffers.*AGENT_PLATFORM_DATABASE_URL/s),
    });
  });

  it("waits for no server that lets nobody in as its files are damaged, and says which", async () => {
    const missing = setup();
    // pg_class of the database postgres.
    rmSync(join(missing.folder, "base/5/1259"));
    await expect(missing.start()).rejects.toMatchObject({
      reason: "POSTGRES_NOT_STARTED",
      message: expect.stringContaining('could not open file "base/5/1259"') as unknown,
    });
    const changed = setup();
    const place = join(changed.folder, "base/5/1259");
    const bytes = readFileSync(place);
    writeFileSync(place, bytes.fill("X", 8_192, 8_200));
    await expect(changed.start()).rejects.toMatchObject({
      message: expect.stringContaining('invalid page in block 1 of relation "base/5/1259"') as unknown,
    });
    await eventually(
      () => readPostmaster(changed.folder),
      (left) => left === undefined,
    );
  });

  it("makes the cluster anew when making it was interrupted", async () => {
    const t = setup({ isNew: true });
    mkdirSync(`${t.folder}.new/base`, { recursive: true });
    expect(await query(await t.start(), "select 1 as one")).toEqual([{ one: 1 }]);
  });

  // Only root lends another user; everybody else reaches its own folders.
  const asRoot = process.getuid?.() === 0 ? it : it.skip;
  asRoot("keeps the data where its user can reach it when root's folder is closed to others, linked from the folder", async () => {
    const t = setup({ beneath: "closed", isNew: true });
    chmodSync(join(t.root, "closed"), 0o700);
    const server = await t.start();
    await query(server, "create table kept (it int)");
    expect(lstatSync(t.folder).isSymbolicLink()).toBe(true);
    const place = dirname(readFileSync(join(t.folder, "postmaster.pid"), "utf8").split("\n")[1] ?? "");
    cleanups.unshift(() => rmSync(place, { recursive: true, force: true }));
    await server.stop();
    expect(await query(await t.start(), "select count(*)::int as rows from kept")).toEqual([{ rows: 0 }]);
  });
});

async function query(server: PostgresServer, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.url("postgres", "postgres") });
  await client.connect();
  try {
    return (await client.query<object>(text)).rows;
  } finally {
    await client.end();
  }
}
