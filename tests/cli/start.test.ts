import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { readPostmaster, isServing } from "#shared/postgres/postmaster.ts";
import { startPostgres } from "#shared/postgres/server.ts";
import { isSameProcess, processIdentity } from "#shared/process-identity.ts";
import { signalProcess } from "#shared/signal-process.ts";
import { runningInstance, type InstanceRecord } from "../../cli/process/instance-lock.ts";
import { eventually } from "../testkit/eventually.ts";
import { freePorts } from "../testkit/free-ports.ts";
import { runCli, type CliProcess } from "./cli-process.ts";

const cleanups: (() => void | Promise<void>)[] = [];

/** A cluster to copy: making one takes longer than all else in a start. */
let seed: string;
beforeAll(async () => {
  seed = mkdtempSync("/tmp/agent-platform-cli-");
  chmodSync(seed, 0o755);
  await (await startPostgres({ folder: join(seed, "postgres"), settings: { fsync: "off" } })).stop();
});
afterAll(() => rmSync(seed, { recursive: true, force: true }));

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe("start", () => {
  it("says what it does, where everything is, and that authentication is off", async () => {
    const t = setup({ isNew: true });
    const platform = t.start();
    await platform.says("Ctrl-C stops it");
    // Nobody waits for it.
    await platform.says("prepares GraphiQL");
    platform.child.kill("SIGINT");
    const { code, output } = await platform.ended;
    expect(output).toContain("starting PostgreSQL");
    expect(output).toMatch(/graph +http:\/\/127\.0\.0\.1:\d+\/graphql/);
    expect(output).toMatch(/GraphiQL +http:\/\/127\.0\.0\.1:\d+\/\n/);
    expect(output).toContain(t.dataDir);
    expect(output).toMatch(/auth +off/);
    expect(output).toContain("a fake platform");
    expect(code).toBe(0);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("stops workers, database and lock on %s", async (signal) => {
    const t = setup();
    const platform = t.start();
    await platform.says("Ctrl-C stops it");
    const { children = [] } = t.record();
    expect(children.map(({ part }) => part)).toEqual(["API", "worker"]);
    platform.child.kill(signal);
    expect((await platform.ended).code).toBe(0);
    expect(children.filter(isSameProcess)).toEqual([]);
    expect(readPostmaster(t.cluster)).toBeUndefined();
    expect(readdirSync(t.dataDir).sort()).toEqual(["encryption.key", "platform.log", "postgres", "postgres.log"]);
    for (const name of readdirSync(t.dataDir)) expect([name, statSync(join(t.dataDir, name)).mode & 0o077]).toEqual([name, 0]);
  });

  const onLinux = process.platform === "linux" ? it : it.skip; // Elsewhere nobody may read the environment of another process.
  onLinux("hands a worker no secret that it does not need, and PostgreSQL's keeper none at all", async () => {
    const t = setup();
    const secrets = {
      AGENT_PLATFORM_ENCRYPTION_KEY: "5ec2e7".padEnd(64, "0"),
      AGENT_PLATFORM_PROVIDER_API_KEY: "sk-5ec2e7",
      AGENT_PLATFORM_SMOKE_API_KEY: "5ec2e7",
      npm_config__auth: "5ec2e7",
    };
    const platform = t.start({ ...secrets, AGENT_PLATFORM_MAX_CRASHES: "7", LANG: "C.UTF-8" });
    await platform.says("Ctrl-C stops it");
    const given = environmentOf(t.part("worker"));
    const own = Object.keys(given).filter((name) => name.startsWith("AGENT_PLATFORM_"));
    const known = ["DATABASE_URL", "INTERNAL_KEY", "LOG_FILE", "LOG_LEVEL", "MAX_CRASHES", "TOOL_SUBGRAPH_URL"];
    expect(own.sort()).toEqual(known.map((name) => `AGENT_PLATFORM_${name}`));
    expect(given).toMatchObject({ AGENT_PLATFORM_MAX_CRASHES: "7", LANG: "C.UTF-8", PATH: process.env["PATH"] });
    // The API alone keeps and calls with secrets.
    const descendants = childrenOf(platform.pid).filter((pid) => pid !== t.part("API"));
    expect(descendants.length).toBeGreaterThanOrEqual(2);
    for (const pid of descendants) expect(Object.values(environmentOf(pid)).join("\n")).not.toContain("5ec2e7");
  });

  it("stops when it is told to while it starts", async () => {
    const t = setup();
    const platform = t.start();
    await platform.says("starting PostgreSQL");
    platform.child.kill("SIGINT");
    const { code, output } = await platform.ended;
    expect(code).toBe(0);
    expect(output).not.toContain("is running");
    expect(readPostmaster(t.cluster)).toBeUndefined();
  });

  it("refuses a second platform on one data folder, and says which runs", async () => {
    const t = setup();
    const platform = t.start();
    await platform.says("Ctrl-C stops it");
    const second = await t.start().ended;
    expect(second.code).toBe(1);
    expect(second.output).toContain(`runs already (pid ${platform.pid}`);
    expect(second.output).toContain(t.record().graphUrl);
    expect(runningInstance(t.dataDir)?.pid).toBe(platform.pid);
  });

  it("just works after kill -9: takes over the lock and the database, and the old workers are gone", async () => {
    const t = setup();
    const killed = t.start();
    await killed.says("Ctrl-C stops it");
    const { children = [] } = t.record();
    const database = readPostmaster(t.cluster);
    killed.child.kill("SIGKILL");
    await killed.ended;
    const next = t.start();
    await next.says("Ctrl-C stops it");
    expect(readPostmaster(t.cluster)?.pid).toBe(database?.pid);
    expect(children.filter(isSameProcess)).toEqual([]);
    next.child.kill("SIGINT");
    expect((await next.ended).code).toBe(0);
    expect(readPostmaster(t.cluster)).toBeUndefined();
  });

  it("just works after kill -9 of platform and database both", async () => {
    const t = setup();
    const killed = t.start();
    await killed.says("Ctrl-C stops it");
    signalProcess(readPostmaster(t.cluster)?.pid, "SIGKILL");
    killed.child.kill("SIGKILL");
    await killed.ended;
    const next = t.start();
    await next.says("Ctrl-C stops it");
    const database = readPostmaster(t.cluster);
    expect(database && isServing(database)).toBe(true);
  });

  it("starts a worker again that was killed", async () => {
    const t = setup();
    const platform = t.start();
    await platform.says("Ctrl-C stops it");
    const before = t.part("worker");
    signalProcess(before, "SIGKILL");
    await t.until(({ children = [] }) => children.some(({ part, pid }) => part === "worker" && pid !== before));
    await platform.says(`worker ${before} ended (SIGKILL); another is started`);
  });

  it("starts the API again that was killed, at the same address, and takes neither database nor worker with it", async () => {
    const t = setup();
    const [port] = await freePorts(1);
    const platform = t.start({ AGENT_PLATFORM_PORT: String(port) });
    await platform.says("Ctrl-C stops it");
    const before = { api: t.part("API"), worker: t.part("worker"), database: readPostmaster(t.cluster)?.pid };
    const { graphUrl = "" } = t.record();
    signalProcess(before.api, "SIGKILL");
    await platform.says(`the API ${before.api} ended (SIGKILL); another is started`);
    await platform.says("the API serves again");
    expect(t.part("API")).not.toBe(before.api);
    expect(t.part("worker")).toBe(before.worker);
    expect(readPostmaster(t.cluster)?.pid).toBe(before.database);
    expect(await (await fetch(graphUrl)).text()).toBe("ok");
    platform.child.kill("SIGINT");
    expect((await platform.ended).code).toBe(0);
  });

  it("starts the API again that is killed before it has served, and ends where that happens three times", async () => {
    const t = setup();
    const platform = t.start({ FAKE_API: "waits" });
    for (let before = 0, times = 1; times <= 3; times++) {
      await t.until(() => ![0, before].includes(t.part("API")));
      before = t.part("API");
      signalProcess(before, "SIGKILL");
      if (times < 3) await platform.says(`the API ${before} ended (SIGKILL); another is started`);
    }
    const { code, output } = await platform.ended;
    expect(output).toContain("its part API keeps ending");
    expect(code).toBe(1);
  });

  it("says why the API does not start, and ends with 1", async () => {
    const t = setup();
    const { code, output } = await t.start({ FAKE_API: "does not start" }).ended;
    expect(output).toContain("it cannot be composed");
    expect(code).toBe(1);
    expect(readPostmaster(t.cluster)).toBeUndefined();
  });

  it("ends when the API keeps crashing, and says which part it is, why, and where its log is", async () => {
    const t = setup();
    const { code, output } = await t.start({ FAKE_API: "crashes" }).ended;
    expect(output).toMatch(/the API \d+ ended \(code 1\); another is started in 0\.2 s/);
    expect(output).toMatch(/its part API keeps ending:\n.*a bug of the API.*\nIts log: .*platform\.log/s);
    expect(code).toBe(1);
    expect(readPostmaster(t.cluster)).toBeUndefined();
  });

  it("leaves no process behind when it is killed, though the main loop of one is blocked", async () => {
    const t = setup();
    const platform = t.start({ FAKE_API: "blocks" });
    await platform.says("Ctrl-C stops it");
    // And PostgreSQL, which outlives them by 30 s: e2e/survival waits for that.
    const pids = [t.part("API"), t.part("worker")];
    expect(pids.map((pid) => processIdentity(pid) !== undefined)).toEqual([true, true]);
    await fetch(t.record().graphUrl ?? "");
    platform.child.kill("SIGKILL");
    await platform.ended;
    await eventually(
      () => pids.map((pid) => processIdentity(pid) !== undefined),
      (alive) => !alive.includes(true),
    );
  });

  it("makes a worker wait for it that was started before it, which takes neither the data folder nor a database", async () => {
    const t = setup();
    const worker = t.run("worker");
    await worker.says(`No platform runs on ${t.dataDir}; the worker waits for it, 60 s at most.`);
    expect([runningInstance(t.dataDir), readPostmaster(t.cluster)]).toEqual([undefined, undefined]);
    const platform = t.start({ AGENT_PLATFORM_WORKERS: "0" });
    await platform.says("Ctrl-C stops it");
    await worker.says("worker ready");
    worker.child.kill("SIGTERM");
    expect((await worker.ended).code).toBe(0);
  });

  it("lets one more worker join that knows nothing but the data folder", async () => {
    const t = setup();
    const platform = t.start({ AGENT_PLATFORM_WORKERS: "0" });
    await platform.says("Ctrl-C stops it");
    const worker = t.run("worker");
    await worker.says(`calls unix:${t.dataDir}/worker-socket/graph.sock`);
    await worker.says("worker ready");
    worker.child.kill("SIGTERM");
    expect((await worker.ended).code).toBe(0);
    expect(readPostmaster(t.cluster)?.status).toBe("ready");
  });

  it("starts PostgreSQL again that ended under it, and says so", async () => {
    const t = setup();
    const platform = t.start();
    await platform.says("Ctrl-C stops it");
    const before = readPostmaster(t.cluster);
    signalProcess(before?.pid, "SIGKILL");
    await platform.says("PostgreSQL has ended; it is started again");
    await platform.says("PostgreSQL runs again");
    expect(readPostmaster(t.cluster)).toMatchObject({ status: "ready", socketFolder: before?.socketFolder });
    platform.child.kill("SIGINT");
    expect((await platform.ended).code).toBe(0);
    expect(readPostmaster(t.cluster)).toBeUndefined();
  });

  it("ends with the npm that started it, when that is killed", async () => {
    const t = setup();
    const platform = t.start({ npm_lifecycle_event: "start" }, "a parent");
    await platform.says("Ctrl-C stops it");
    expect(t.record().pid).not.toBe(0);
    platform.child.kill("SIGKILL");
    await t.until(({ pid }) => pid === 0);
    expect(readPostmaster(t.cluster)).toBeUndefined();
  });

  it("ends when nobody reads what it says", async () => {
    const t = setup();
    const platform = t.start();
    platform.child.stdout?.destroy();
    expect((await platform.ended).code).toBe(0);
    expect(readPostmaster(t.cluster)).toBeUndefined();
  });

  it("names the way out when the port is taken, before it starts anything", async () => {
    const t = setup({ isNew: true });
    const other = createServer();
    await new Promise<void>((resolve) => other.listen({ host: "127.0.0.1", port: 0 }, resolve));
    cleanups.push(() => void other.close());
    const { port } = other.address() as { port: number };
    const { code, output } = await t.start({ AGENT_PLATFORM_PORT: String(port) }).ended;
    expect(code).toBe(1);
    expect(output).toContain(`Port ${port} of 127.0.0.1 is taken`);
    expect(output).toContain(`AGENT_PLATFORM_PORT=${port + 1}`);
    expect(readdirSync(t.dataDir)).not.toContain("postgres");
  });

  it("refuses an address that others can reach while authentication is off", async () => {
    const { code, output } = await setup().start({ AGENT_PLATFORM_HOST: "0.0.0.0" }).ended;
    expect(code).toBe(1);
    expect(output).toContain("127.0.0.1");
  });
});

/** What a process was started with. */
function environmentOf(pid: number): Record<string, string> {
  const pairs = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean);
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}

function setup(options: { isNew?: boolean } = {}) {
  const dataDir = mkdtempSync("/tmp/agent-platform-cli-");
  chmodSync(dataDir, 0o755);
  const cluster = join(dataDir, "postgres");
  if (options.isNew !== true) execFileSync("cp", ["-a", join(seed, "postgres"), cluster]);
  const started: CliProcess[] = [];
  cleanups.push(async () => {
    for (const { child } of started) child.kill("SIGKILL");
    await Promise.all(started.map(({ ended }) => ended));
    const database = readPostmaster(cluster);
    if (database && isServing(database)) signalProcess(database.pid, "SIGQUIT");
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });
  const record = (): InstanceRecord => runningInstance(dataDir) ?? { pid: 0, startedAt: "" };
  return {
    dataDir,
    cluster,
    record,
    /** The pid of a part; 0: it does not live. */
    part: (name: string): number => record().children?.find(({ part }) => part === name)?.pid ?? 0,
    run(command: string) {
      const process = runCli("fake", [command], { AGENT_PLATFORM_DATA_DIR: dataDir });
      started.push(process);
      return process;
    },
    start(environment: Record<string, string> = {}, by?: "a parent") {
      const platform = runCli(by === "a parent" ? "fakeBelowParent" : "fake", ["start"], {
        AGENT_PLATFORM_DATA_DIR: dataDir,
        AGENT_PLATFORM_PORT: "0",
        ...environment,
      });
      started.push(platform);
      return platform;
    },
    /** Waits until the running platform's record is so. */
    until: (holds: (record: InstanceRecord) => boolean) => eventually(record, holds),
  };
}
