import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { request } from "undici";
import { joinedMetrics, metricsText } from "#shared/metrics/exposition.ts";
import { counter, readGauge, registry, secondsHistogram } from "#shared/metrics/instruments.ts";
import { serveMetrics, type MetricsServer } from "#shared/metrics/server.ts";

const log = pino({ level: "silent" });
const servers: MetricsServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

// The process's other suites know the platform's alone.
afterAll(() => {
  for (const name of ["rows", "age", "total", "seconds"]) registry.removeSingleMetric(`agent_platform_test_${name}`);
});

async function serve(read: () => Promise<string>): Promise<string> {
  const server = await serveMetrics({ host: "127.0.0.1", port: 0, log, read });
  servers.push(server);
  return server.url;
}

/** The samples of one metric. */
const samplesOf = (text: string, name: string) => text.split("\n").filter((line) => line.startsWith(name));

describe("a gauge that is read", () => {
  it("is the sum of what its sources say of the same labels, and nothing of those that fail or are gone", async () => {
    const gauge = readGauge({ name: "test_rows", help: "Rows.", labels: ["lane"] });
    gauge.add(() => [{ labels: { lane: "a" }, value: 2 }]);
    gauge.add(() => [
      { labels: { lane: "a" }, value: 3 },
      { labels: { lane: "b" }, value: 1 },
    ]);
    gauge.add(() => Promise.reject(new Error("its database is away")));
    const leave = gauge.add(() => [{ labels: { lane: "gone" }, value: 1 }]);
    leave();
    const text = await metricsText("worker");
    expect(samplesOf(text, "agent_platform_test_rows{")).toEqual([
      'agent_platform_test_rows{lane="a",part="worker"} 5',
      'agent_platform_test_rows{lane="b",part="worker"} 1',
    ]);
    // Read anew, not added to.
    expect(samplesOf(await metricsText("worker"), "agent_platform_test_rows{")).toHaveLength(2);
  });

  it("says nothing where none of its sources does, also without labels", async () => {
    const gauge = readGauge({ name: "test_age", help: "Age." });
    const sample = () => metricsText("worker").then((text) => samplesOf(text, "agent_platform_test_age{"));
    let known: number | undefined;
    gauge.add(() => (known === undefined ? [] : [{ labels: {}, value: known }]));
    expect(await sample()).toEqual([]);
    known = 0;
    expect(await sample()).toEqual(['agent_platform_test_age{part="worker"} 0']);
    known = undefined;
    expect(await sample()).toEqual([]);
  });
});

describe("the texts of several processes", () => {
  it("are one text, in which the samples of a name stand together beneath one head", async () => {
    counter({ name: "test_total", help: "Counted." }).inc(4);
    secondsHistogram({ name: "test_seconds", help: "Lasted." }).observe(0.02);
    const joined = joinedMetrics([await metricsText("API"), "", await metricsText("worker 1"), await metricsText("worker 2")]);
    const lines = joined.split("\n");
    const first = lines.indexOf("# HELP agent_platform_test_total Counted.");
    expect(lines.slice(first, first + 5)).toEqual([
      "# HELP agent_platform_test_total Counted.",
      "# TYPE agent_platform_test_total counter",
      ...["API", "worker 1", "worker 2"].map((part) => `agent_platform_test_total{part="${part}"} 4`),
    ]);
    const heads = lines.filter((line) => line.startsWith("# TYPE")).map((line) => line.split(" ")[2]);
    expect(new Set(heads).size).toBe(heads.length);
    // Each sample stands beneath the head of its own metric, which all of a histogram's series share.
    let head = "";
    for (const line of lines.filter((text) => text !== "")) {
      if (line.startsWith("# TYPE")) head = line.split(" ")[2]!;
      else if (!line.startsWith("#")) expect(line.startsWith(head)).toBe(true);
    }
    const samples = lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.slice(0, line.lastIndexOf(" ")));
    expect(new Set(samples).size).toBe(samples.length);
  });
});

describe("the server of the metrics", () => {
  it("answers /metrics by GET with Prometheus' media type, and nothing else", async () => {
    const url = await serve(async () => "a 1\n");
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([
      200,
      "text/plain; version=0.0.4; charset=utf-8",
      "a 1\n",
    ]);
    expect((await fetch(new URL("/", url))).status).toBe(404);
    expect((await fetch(url, { method: "POST", body: "x" })).status).toBe(405);
  });

  it("answers loopback names only where it listens on loopback: a page's own name is none", async () => {
    const url = await serve(async () => "a 1\n");
    const { statusCode } = await request(url, { headers: { host: "rebound.example.com" } });
    expect(statusCode).toBe(403);
  });

  it("reads once for those who ask together, and again after a failure", async () => {
    let reads = 0;
    const url = await serve(() => {
      reads++;
      return reads === 1 ? Promise.reject(new Error("no")) : Promise.resolve(`reads ${reads}\n`);
    });
    expect((await fetch(url)).status).toBe(503);
    const texts = await Promise.all(Array.from({ length: 8 }, async () => (await fetch(url)).text()));
    expect(new Set(texts)).toEqual(new Set(["reads 2\n"]));
  });

  it("says which port it cannot have", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    await expect(serveMetrics({ host: "127.0.0.1", port, log, read: async () => "" })).rejects.toMatchObject({ code: "EADDRINUSE" });
    other.close();
  });
});
