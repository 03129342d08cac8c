import { EventEmitter } from "node:events";
import { pino } from "pino";
import { EndpointRegistry } from "#shared/endpoint/caller.ts";
import { defaultEnv } from "#shared/config.ts";
import { metricsText } from "#shared/metrics/exposition.ts";
import { rehearseCreates } from "../../../subgraphs/runtime/control/create-rehearsal.ts";
import { engineParts, type EngineParts } from "../../../subgraphs/runtime/worker/engine-parts.ts";
import { rehearse, rehearseFor } from "../../../subgraphs/runtime/worker/rehearsal.ts";
import type { WorkerSignals } from "../../../subgraphs/runtime/worker/worker.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";

const silentLog = pino({ level: "silent" });

async function setup(): Promise<{ t: EngineFixture; withParts: <T>(work: (parts: EngineParts) => Promise<T>) => Promise<T> }> {
  const t = await EngineFixture.open();
  const withParts = async <T>(work: (parts: EngineParts) => Promise<T>): Promise<T> => {
    const parts = engineParts({ env: defaultEnv(), log: silentLog, hints: t.hints, call: new EndpointRegistry(), databaseUrl: t.url });
    try {
      return await work(parts);
    } finally {
      await parts.close();
    }
  };
  return { t, withParts };
}

const tables = ["run", "plan", "work", "node_run", "run_story", "outbox", "gate"];
const counts = tables.map((table) => `(select count(*)::int from runtime.${table}) as ${table}`).join(", ");
const none = Object.fromEntries(tables.map((table) => [table, 0]));

describe("a rehearsal", () => {
  it("executes runs to their end, as a worker does, and leaves nothing, in metrics neither", async () => {
    const { t, withParts } = await setup();
    const log: string[] = [];
    const flushes = async () => (await metricsText("test")).split("\n").filter((line) => /^agent_platform_flush_\w+_count/.test(line));
    const flushesBefore = await flushes();
    expect(flushesBefore).toHaveLength(2);
    const done = await withParts((parts) => {
      const executors: EngineParts["executors"] = (type) => (log.push(type), parts.executors(type));
      return rehearse({ ...parts, executors }, { runs: 64, withinMs: 60_000, signal: new AbortController().signal });
    });
    expect(done).toBe(64);
    expect(new Set(log)).toEqual(new Set(["template-transform", "if-else"]));
    expect(await flushes()).toEqual(flushesBefore);
    expect((await t.pool.query(`select ${counts}`)).rows).toEqual([none]);
  });

  it("makes runs, and takes them back", async () => {
    const { t, withParts } = await setup();
    await withParts(({ pool }) => rehearseCreates(pool));
    expect((await t.pool.query(`select ${counts}`)).rows).toEqual([none]);
  });

  it("ends with the worker's first claim: who starts with work in the queue begins with that", async () => {
    const { withParts } = await setup();
    const signals = new EventEmitter<WorkerSignals>();
    const log: string[] = [];
    await withParts(async (parts) => {
      const { ended } = rehearseFor({ signals }, { ...parts, executors: (type) => (log.push(type), parts.executors(type)) });
      signals.emit("claimed", []);
      await ended;
    });
    expect(log).toEqual([]);
    expect(signals.listenerCount("claimed")).toBe(0);
  });

  it("ends with the first statement that fails, which nobody repairs or hears of", async () => {
    const { withParts } = await setup();
    const told: unknown[] = [];
    const log = pino({ level: "trace" }, { write: (line: string) => void told.push(line) });
    const asked: string[] = [];
    const query = (config: { name: string }) => (asked.push(config.name), Promise.reject(new Error("it is away")));
    await withParts(async (parts) => {
      const signal = new AbortController().signal;
      expect(await rehearse({ ...parts, log, pool: { query } as never }, { withinMs: 60_000, signal })).toBe(0);
    });
    expect(new Set(asked)).toEqual(new Set(["flush_end"]));
    expect(told).toEqual([]);
  });
});
