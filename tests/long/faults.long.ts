/** Faults that take long by nature: they wait for leases, deadlines and disks. */
import type { ServerResponse } from "node:http";
import pg from "pg";
import { processIdentity } from "#shared/process-identity.ts";
import { signalProcess } from "#shared/signal-process.ts";
import { eventually } from "../testkit/eventually.ts";
import { ask, finishRun, makeWorkflow, runEnd, startRun } from "../testkit/graph.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startPlatformProcesses, type PlatformProcesses } from "../testkit/platform-processes.ts";
import { tell } from "./settings.ts";

let source: TestHttpServer;
let platform: PlatformProcesses;

beforeEach(async () => {
  source = await startHttpServer();
  platform = await startPlatformProcesses({ EGRESS_ALLOW: source.hostPort, LOG_FILE: "/dev/full", LOG_LEVEL: "info" });
}, 600_000);

afterEach(async () => {
  await platform.stop();
  await source.close();
});

const asks = (path: string) => ({
  nodes: [{ id: "ask", type: "knowledge-retrieval", config: { query_template: "tea", source_url: source.url + path } }],
  edges: [],
});
const documents = (response: ServerResponse) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ documents: [{ id: "tea", text: "tea" }] }));
};
const kills = (part: "worker" | "suspects") => () => void signalProcess(platform.part(part), "SIGKILL");

describe("a platform whose log cannot be written", () => {
  it("goes on while its API computes, for 3 s and for as long as its guard lets it: no node fails, nothing is lost, and it is back", async () => {
    let begun = Promise.withResolvers<void>();
    source.on("GET /tea", (_, response) => void begun.promise.then(() => documents(response)));
    source.on("GET /tool", { body: "poured" });
    const { nodes } = asks("/tea");
    // The second one's call goes through the API.
    const tool = { id: "tool", type: "tool", config: { url: `${source.url}/tool` } };
    const { workflowId } = await makeWorkflow(platform, { nodes: [...nodes, tool], edges: [{ source: "ask", target: "tool" }] });
    for (const [ms, isEnded] of [
      [3_000, false],
      [30_000, true],
    ] as const) {
      begun = Promise.withResolvers<void>();
      const api = platform.part("API");
      const before = source.requests.length;
      const ids = await Promise.all(Array.from({ length: 40 }, () => startRun(platform, workflowId)));
      await platform.computes("API", ms);
      const lives = () => fetch(new URL("/livez", platform.url), { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
      await eventually(lives, (answer) => answer === undefined);
      begun.resolve();
      for (const id of ids) expect(await runEnd(platform, id)).toBe("COMPLETED");
      expect(platform.part("API") !== api).toBe(isEnded);
      const calls = source.requests.slice(before).filter(({ path }) => path === "/tool");
      // One that was under way when the API was ended is made again.
      expect(calls.length).toBeGreaterThanOrEqual(40);
      expect(calls.length).toBeLessThanOrEqual(isEnded ? 80 : 40);
      tell("an API that computes", { ms, isEnded, calls: calls.length });
    }
  });

  it("makes a dead letter of what kills its owners, and retryRun takes it up when that is over", async () => {
    source.on("GET /poison", [kills("worker"), kills("worker"), kills("suspects"), (_, response) => documents(response)]);
    const { workflowId } = await makeWorkflow(platform, asks("/poison"));
    const dead = await startRun(platform, workflowId);
    expect(await runEnd(platform, dead)).toBe("WORKER_CRASHED");
    const mutation = "mutation ($id: ID!) { retryRun(id: $id) { id } }";
    const { retryRun } = await ask<{ retryRun: { id: string } }>(platform, mutation, { id: dead });
    expect(await runEnd(platform, retryRun.id)).toBe("COMPLETED");
  });

  it("goes on after a stall of its database of 35 s: no run is lost, none is taken for one that kills", async () => {
    source.on("GET /tea", (_, response) => documents(response));
    const { workflowId } = await makeWorkflow(platform, asks("/tea"));
    const ids = await Promise.all(Array.from({ length: 200 }, () => startRun(platform, workflowId)));
    const backends = await backendsOf(platform);
    for (const pid of backends) signal(pid, "SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 35_000));
    for (const pid of backends) signal(pid, "SIGCONT");
    for (const id of ids) expect(await runEnd(platform, id)).toBe("COMPLETED");
    expect(platform.part("suspects")).toBe(0);
    tell("a stall of 35 s", { runs: ids.length, backends: backends.length });
  });

  it("stops with all its processes, though the one for suspects waits for an answer that never comes", async () => {
    const busy = Promise.withResolvers<void>();
    source.on("GET /never", [kills("worker"), kills("worker"), () => busy.resolve()]);
    const { workflowId } = await makeWorkflow(platform, asks("/never"));
    await startRun(platform, workflowId);
    await busy.promise;
    const pids = [platform.part("API"), platform.part("worker"), platform.part("suspects"), platform.database()];
    signalProcess(platform.pid, "SIGTERM");
    const left = () => pids.filter((pid) => processIdentity(pid) !== undefined);
    await eventually(left, (pids) => pids.length === 0);
  });

  it("makes progress though its worker is killed every 1.5 s", async () => {
    const nodes = Array.from({ length: 5 }, (_, index) => ({ id: `n${index}`, type: "answer", config: { answer: `${index}` } }));
    const edges = nodes.slice(1).map(({ id }, index) => ({ source: nodes[index]!.id, target: id }));
    const { workflowId } = await makeWorkflow(platform, { nodes, edges });
    const ids = await Promise.all(Array.from({ length: 100 }, () => startRun(platform, workflowId)));
    const killing = setInterval(() => platform.part("worker") && signal(platform.part("worker"), "SIGKILL"), 1_500);
    try {
      for (const id of ids) expect((await finishRun(platform, id)).status).toBe("COMPLETED");
    } finally {
      clearInterval(killing);
    }
  });
});

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    signalProcess(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

async function backendsOf({ adminUrl }: PlatformProcesses): Promise<number[]> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  const { rows } = await admin.query<{ pid: number }>("select pid from pg_stat_activity where usename like 'agent_platform%'");
  await admin.end();
  return rows.map(({ pid }) => pid);
}
