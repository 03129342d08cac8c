/** Runs by the ten thousand: under kills none is lost; without any, nothing is left behind in memory. */
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { signalProcess } from "#shared/signal-process.ts";
import { ask, makeWorkflow } from "../testkit/graph.ts";
import { assertInvariants } from "../testkit/invariants.ts";
import { startPlatformProcesses, type PlatformProcesses } from "../testkit/platform-processes.ts";
import { shareOf, tell } from "./settings.ts";

let platform: PlatformProcesses;
let workflowId: string;
let admin: pg.Client;

beforeAll(async () => {
  platform = await startPlatformProcesses({ MAX_CRASHES: "1000" });
  const nodes = [
    { id: "a", type: "assigner", config: { assignments: { name: "{{ input.name }}" } } },
    { id: "b", type: "answer", config: { answer: "Hello {{ state.name }}" } },
  ];
  ({ workflowId } = await makeWorkflow(platform, { nodes, edges: [{ source: "a", target: "b" }] }));
  admin = new pg.Client({ connectionString: platform.adminUrl });
  await admin.connect();
}, 600_000);

afterAll(async () => {
  await admin.end();
  await platform.stop();
});

const statuses = async () => {
  const { rows } = await admin.query<{ status: number; runs: number }>("select status, count(*)::int as runs from runtime.run group by 1");
  return Object.fromEntries(rows.map(({ status, runs }) => [status, runs]));
};

/** Creates that many, 20 a request and some requests at a time, each again until it is answered. */
async function create(count: number, key: string): Promise<void> {
  const mutation = `mutation (${batch((index) => `$r${index}: CreateRunInput!`)}) { ${batch((index) => `r${index}: createRun(input: $r${index}) { id }`)} }`;
  let next = 0;
  const creator = async () => {
    while (next < count) {
      const first = next;
      next += 20;
      const input = (index: number) => ({ workflowId, input: { name: "Ada" }, idempotencyKey: `${key}-${first + index}` });
      const variables = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`r${index}`, input(index)]));
      for (;;) {
        try {
          await ask(platform, mutation, variables);
          break;
        } catch {
          platform.requireLife();
          await pause(200);
        }
      }
    }
  };
  await Promise.all(Array.from({ length: 4 }, creator));
}

const batch = (write: (index: number) => string) => Array.from({ length: 20 }, (_, index) => write(index)).join(" ");

async function allCompleted(count: number): Promise<void> {
  for (;;) {
    platform.requireLife();
    const seen = await statuses();
    if (seen[3] === count) return;
    if (Object.keys(seen).some((status) => Number(status) > 3)) throw new Error(`not all completed: ${JSON.stringify(seen)}`);
    await pause(500);
  }
}

describe("many runs", () => {
  let made = 0;

  it("leave nothing behind in the memory of API and worker, twenty thousand of them", async () => {
    const step = shareOf(250) * 20;
    const bytes: { API: number; worker: number }[] = [];
    for (let index = 0; index < 4; index++) {
      await create(step, `leak-${index}`);
      made += step;
      await allCompleted(made);
      bytes.push({ API: (await platform.ask("API")).rssBytes, worker: (await platform.ask("worker")).rssBytes });
    }
    const mebibytes = bytes.map(({ API, worker }) => ({ API: API >> 20, worker: worker >> 20 }));
    tell("bytes after each quarter, MiB", mebibytes);
    // Caches are full after the first quarter; a leak of 10 kB a run would be 150 MB in the others.
    expect(mebibytes.at(-1)!.API - mebibytes[0]!.API).toBeLessThan(150);
    expect(mebibytes.at(-1)!.worker - mebibytes[0]!.worker).toBeLessThan(150);
  });

  it("are completed once each, ten thousand of them, while workers and the API are killed", async () => {
    const count = shareOf(500) * 20;
    let isOver = false;
    const kills = { worker: 0, API: 0 };
    const killing = (async () => {
      for (let index = 0; !isOver; index++) {
        await pause(4_000);
        const part = index % 4 === 3 ? "API" : "worker";
        const pid = platform.part(part);
        if (pid === 0 || isOver) continue;
        signalProcess(pid, "SIGKILL");
        kills[part] += 1;
      }
    })();
    await create(count, "kills");
    made += count;
    await allCompleted(made);
    isOver = true;
    await killing;
    tell("ten thousand runs under kills", { count, kills });
    await assertInvariants(admin);
    const { rows } = await admin.query(
      "select run_id, path from runtime.run_event where type = 1 and status = 3 group by 1, 2 having count(*) > 1",
    );
    expect(rows).toEqual([]);
  });
});
