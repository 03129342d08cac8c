/** 10,000 items under kill -9 (C7): the same as tests/e2e/survival.test.ts with 400. */
import { signalProcess } from "#shared/signal-process.ts";
import { ask, makeWorkflow, runEnd, startRun } from "../testkit/graph.ts";
import { callsForItems, countCalls, itemsOf } from "../testkit/counted-items.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startPlatformProcesses, type PlatformProcesses } from "../testkit/platform-processes.ts";
import { tell } from "./settings.ts";

let source: TestHttpServer;
let platform: PlatformProcesses;

beforeEach(async () => {
  source = await startHttpServer();
  platform = await startPlatformProcesses({ EGRESS_ALLOW: source.hostPort, LOG_LEVEL: "warn" });
}, 600_000);

afterEach(async () => {
  await platform.stop();
  await source.close();
});

describe("an iteration of 10,000 items", () => {
  it("completes each item once, though its worker is killed in the middle of item 4,000", async () => {
    const count = 10_000;
    const counts = countCalls(source, 4_000, () => void signalProcess(platform.part("worker"), "SIGKILL"));
    const { workflowId } = await makeWorkflow(platform, callsForItems(source, count));
    const began = performance.now();
    const id = await startRun(platform, workflowId);
    // On a machine that is busy with other work it takes as long as that wants.
    expect(await runEnd(platform, id, { mostMs: 1_800_000 })).toBe("COMPLETED");
    const { run } = await ask<{ run: { outputJson: number[] } }>(platform, "query ($id: ID!) { run(id: $id) { outputJson } }", { id });
    expect(run.outputJson).toEqual(Array.from({ length: count }, (_, index) => index));
    expect(await itemsOf((query, variables) => ask(platform, query, variables), `${id}:each`)).toEqual({
      items: count,
      statuses: { COMPLETED: count },
    });
    expect(counts.size).toBe(count);
    const again = [...counts.values()].filter((calls) => calls > 1);
    expect(Math.max(...again)).toBeLessThanOrEqual(2);
    tell("10,000 items, a worker killed at 4,000", { seconds: (performance.now() - began) / 1_000, calledTwice: again.length });
  });
});

describe("an item that kills its workers", () => {
  it("fails alone in an iteration that continues; three such items end their run", async () => {
    const count = 20;
    const killAll = (): void => {
      for (const pid of [platform.part("suspects"), platform.part("worker")]) if (pid !== 0) signalProcess(pid, "SIGKILL");
    };
    const kills = (poison: readonly number[]): void => {
      const deaths = new Map<number, number>();
      source.on("POST /items", ({ body }, response) => {
        const { item } = JSON.parse(body) as { item: number };
        const died = deaths.get(item) ?? 0;
        deaths.set(item, died + 1);
        // Whoever owns the run: a worker, or the process for suspects.
        if (poison.includes(item)) return died > 2 ? undefined : killAll();
        response.setHeader("content-type", "application/json");
        response.end(body);
      });
    };
    const document = callsForItems(source, count, 1);
    Object.assign(document.nodes[0]!.config, { on_item_error: "continue" });
    const { workflowId } = await makeWorkflow(platform, document);
    kills([3]);
    const id = await startRun(platform, workflowId);
    const read = "query ($id: ID!) { run(id: $id) { outputJson handledErrors } }";
    expect(await runEnd(platform, id)).toBe("COMPLETED");
    const given = Array.from({ length: count }, (_, index) => (index === 3 ? null : index));
    expect(await ask(platform, read, { id })).toEqual({ run: { outputJson: given, handledErrors: 1 } });
    const asked = (query: string, variables: { id: string }) => ask(platform, query, variables);
    expect(await itemsOf(asked, `${id}:each`)).toEqual({ items: count, statuses: { COMPLETED: count - 1, FAILED: 1 } });
    kills([3, 7, 11]);
    expect(await runEnd(platform, await startRun(platform, workflowId))).toBe("WORKER_CRASHED");
  });
});
