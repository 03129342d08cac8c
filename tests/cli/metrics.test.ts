/** `/metrics` of the processes as a person or a container starts them. */
import { createServer } from "node:net";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import type { AddressInfo } from "node:net";
import { createClient } from "#codegen/client/client.ts";
import { signalProcess } from "#shared/signal-process.ts";
import { createTestDatabase, type TestDatabase } from "../testkit/database.ts";
import { eventually } from "../testkit/eventually.ts";
import { freePorts } from "../testkit/free-ports.ts";
import { chain, makeWorkflow, startRun, type AskedPlatform } from "../testkit/graph.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { postTo } from "../testkit/platform.ts";
import { runningInstance } from "../../cli/process/instance-lock.ts";
import { runCli, type CliProcess } from "./cli-process.ts";

let database: TestDatabase;
let shop: TestHttpServer;
let dataDir: string;
let platform: CliProcess;
let metricsUrl: string;
let graphUrl: string;

beforeAll(async () => {
  [database, shop] = await Promise.all([createTestDatabase(), startHttpServer()]);
  dataDir = mkdtempSync(join(tmpdir(), "agent-platform-metrics-"));
  // An API that is killed comes back to its port, which nobody else must have been given meanwhile.
  const [port] = await freePorts(1);
  platform = runCli("real", ["start", "--json"], {
    AGENT_PLATFORM_DATABASE_URL: database.url,
    AGENT_PLATFORM_ENCRYPTION_KEY: "0a".repeat(32),
    AGENT_PLATFORM_DATA_DIR: dataDir,
    AGENT_PLATFORM_PORT: String(port),
    AGENT_PLATFORM_METRICS_PORT: "0",
    AGENT_PLATFORM_WORKERS: "2",
    AGENT_PLATFORM_EGRESS_ALLOW: shop.hostPort,
  });
  await platform.says('"event":"ready"');
  const ready = JSON.parse(
    platform
      .printed()
      .split("\n")
      .find((line) => line.includes('"event":"ready"'))!,
  ) as Record<string, string>;
  ({ metricsUrl, graphUrl } = ready as { metricsUrl: string; graphUrl: string });
});

afterAll(async () => {
  platform.child.kill("SIGTERM");
  expect((await platform.ended).code).toBe(0);
  await shop.close();
  await database.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

const scrape = async (): Promise<string> => (await fetch(metricsUrl)).text();
const lines = (text: string, name: string): string[] => text.split("\n").filter((line) => line.startsWith(`agent_platform_${name}{`));

const claims = /^agent_platform_claim_seconds_count\{part="worker (1|2)",lane="runs"\} [1-9]/gm;

/** Of all parts. */
const sumOf = (text: string, name: string): number =>
  text
    .split("\n")
    .filter((line) => line.startsWith(`agent_platform_${name}`) && /[{,]/.test(line[`agent_platform_${name}`.length]!))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);

async function ask(query: string, headers: Record<string, string> = {}): Promise<void> {
  const body = JSON.stringify({ query });
  await (await fetch(graphUrl, { method: "POST", headers: { "content-type": "application/json", ...headers }, body })).text();
}

describe("/metrics of npm start", () => {
  it("speaks for every part, each under its name", async () => {
    // A worker claims as long as it lives; the graph is there before the workers are. The API asks the database for all; who asks meanwhile is not kept waiting for what it says.
    const queueAge = /^agent_platform_queue_age_seconds\{lane="runs",part="API"\} /m;
    const text = await eventually(scrape, (seen) => [...seen.matchAll(claims)].length === 2 && queueAge.test(seen));
    const up = ["API", "worker 1", "worker 2"].map((part) => `agent_platform_part_up{part="${part}"} 1`);
    expect(lines(text, "part_up").sort()).toEqual(up);
    for (const part of ["supervisor", "API", "worker 1", "worker 2"])
      expect(text).toMatch(new RegExp(`^nodejs_eventloop_lag_p99_seconds\\{part="${part}"\\} `, "m"));
  });

  it("counts operations by kind and root field, and shows nothing that a client or a tenant is called", async () => {
    await ask(`query NameOfAClient { aliasOfAClient: runs(first: 1) { edges { node { id } } } }`, { "x-tenant-id": "tenant-of-a-client" });
    await ask(`query NameOfAClient { noSuchField }`);
    await ask(`mutation { cancelRun(id: "x") { id } }`);
    // A part that does not answer in time is left out.
    const text = await eventually(scrape, (seen) => lines(seen, "operation_seconds_count").length >= 3);
    const counts = lines(text, "operation_seconds_count");
    expect(counts).toEqual(
      expect.arrayContaining([
        'agent_platform_operation_seconds_count{part="API",kind="query",field="runs"} 1',
        'agent_platform_operation_seconds_count{part="API",kind="unknown",field="(refused)"} 1',
        'agent_platform_operation_seconds_count{part="API",kind="mutation",field="cancelRun"} 1',
      ]),
    );
    expect(lines(text, "operation_errors_total")).toEqual(
      expect.arrayContaining([
        'agent_platform_operation_errors_total{kind="mutation",field="cancelRun",code="NOT_FOUND",part="API"} 1',
        'agent_platform_operation_errors_total{kind="unknown",field="(refused)",code="GRAPHQL_VALIDATION_FAILED",part="API"} 1',
      ]),
    );
    for (const word of ["NameOfAClient", "aliasOfAClient", "tenant-of-a-client", "noSuchField"]) expect(text).not.toContain(word);
  });

  it("moves with what is done: runs that are made, executed, taken over from a worker that died, and end", async () => {
    const held = Promise.withResolvers<void>();
    shop.on("GET /hold", [(_request, _response) => held.resolve(), { json: {} }]);
    const asked: AskedPlatform = { client: () => createClient({ url: graphUrl }), post: (...of) => postTo(graphUrl, ...of) };
    const { workflowId } = await makeWorkflow(asked, {
      nodes: [
        { id: "first", type: "template-transform", config: { template: "hello" } },
        { id: "call", type: "tool", config: { url: `${shop.url}/hold` } },
      ],
      edges: chain("first", "call"),
    });
    await startRun(asked, workflowId);
    await held.promise;
    const busy = await eventually(scrape, (text) => sumOf(text, "slots_used") === 1 && sumOf(text, "owned_runs") === 1);
    expect(sumOf(busy, "slots")).toBeGreaterThan(1);
    const [, part] = /^agent_platform_owned_runs\{part="(worker \d)"\} 1$/m.exec(busy)!;
    const { children = [] } = runningInstance(dataDir)!;
    // Workers are noted in their order.
    const workers = children.filter((child) => child.part === "worker");
    signalProcess(workers[Number(part!.at(-1)) - 1]!.pid, "SIGKILL");
    const ended = await eventually(scrape, (text) => sumOf(text, 'runs_ended_total{status="COMPLETED"') === 1);
    expect(sumOf(ended, "crashes_total")).toBeGreaterThan(0);
    for (const name of ["create_runs_sum", "create_seconds_count", "claim_rows_sum", "flush_seconds_count", "flush_runs_sum"])
      expect(sumOf(ended, name)).toBeGreaterThan(0);
    await eventually(scrape, (text) => /^agent_platform_pool_connections\{pool="[^"]+",state="idle",part="worker \d"\} [1-9]/m.test(text));
    // Both serve again.
    await eventually(scrape, (text) => [...text.matchAll(claims)].length === 2);
  });

  it("goes on while a part is dead, and says that it was started again", async () => {
    const { children = [] } = runningInstance(dataDir)!;
    signalProcess(children.find(({ part }) => part === "API")!.pid, "SIGKILL");
    await eventually(scrape, (text) => text.includes('agent_platform_part_up{part="API"} 0'));
    const text = await eventually(scrape, (seen) => seen.includes('agent_platform_part_up{part="API"} 1'));
    expect(text).toContain('agent_platform_part_restarts{part="API"} 1');
    // Another process, whose counts begin anew.
    expect(text).not.toContain('field="cancelRun"');
    expect(text).toContain('agent_platform_owned_runs{part="worker 1"} 0');
  });

  it("needs a port of its own: one that is taken ends the start, and is named", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const folder = mkdtempSync(join(tmpdir(), "agent-platform-metrics-"));
    const second = runCli("real", ["start"], {
      AGENT_PLATFORM_DATABASE_URL: database.url,
      AGENT_PLATFORM_ENCRYPTION_KEY: "0a".repeat(32),
      AGENT_PLATFORM_DATA_DIR: folder,
      AGENT_PLATFORM_PORT: "0",
      AGENT_PLATFORM_METRICS_PORT: String(port),
    });
    const { code, output } = await second.ended;
    expect([code, output]).toEqual([
      1,
      expect.stringContaining(`Port ${port} of 127.0.0.1 cannot be opened for the metrics (it is taken).`),
    ]);
    other.close();
    rmSync(folder, { recursive: true, force: true });
  });
});
