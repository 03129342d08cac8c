/** The clients of `e2e`, in a process of their own: the load must not wait for what it measures, nor be counted with it. */
import { once } from "node:events";
import { drive } from "../figures.ts";
import type { ClientsWanted, RunsDone, RunsWanted } from "./e2e-protocol.ts";
import { GraphSocket, type RunEventFrame } from "./graph-socket.ts";
import { GraphPost } from "./graph-post.ts";

const wanted = JSON.parse(process.argv[2]!) as ClientsWanted;

const eventFields = "cursor type at runStatus nodeId nodeStatus attempt delta";
const createRun = "mutation E2eCreateRun($input: CreateRunInput!) { createRun(input: $input) { id } }";
const subscriptions: Record<ClientsWanted["mode"], string> = {
  runEvents: `subscription E2eRunEvents($runId: ID!) { runEvents(runId: $runId) { ${eventFields} } }`,
  runEventPages: `subscription E2eRunEventPages($runId: ID!) { runEventPages(runId: $runId) { ${eventFields} } }`,
  startRun: `subscription E2eStartRun($input: CreateRunInput!) { startRun(input: $input) { ${eventFields} } }`,
};
const listRuns = `query E2eRuns($after: String) {
  runs(first: 50, after: $after) { edges { node { id status outputText createdAt startedAt endedAt } } pageInfo { hasNextPage endCursor } }
}`;

/** One that makes runs. */
interface RunClient {
  post: GraphPost;
  socket: GraphSocket;
}

interface RunsPage {
  runs: { pageInfo: { hasNextPage: boolean; endCursor: string | null } };
}

/** A reader asks for a page this often; sooner would measure readers, not runs beside them. */
const readEveryMs = 100;
/** Then a reader begins with the newest run again. */
const pagesDeep = 20;
const terminal = new Set(["COMPLETED", "FAILED", "CANCELLED"]);

const clients: RunClient[] = await Promise.all(
  Array.from({ length: wanted.clients }, async () => ({
    post: new GraphPost(wanted.graphUrl, wanted.apiKey),
    socket: await GraphSocket.open(wanted.graphUrl, wanted.apiKey),
  })),
);
const pages: number[] = [];
for (let reader = 0; reader < wanted.readers; reader++) void readForEver(new GraphPost(wanted.graphUrl, wanted.apiKey));
process.on("disconnect", () => process.exit(0));
process.on("message", ({ runs }: RunsWanted) => void answer(runs));
process.send!("ready");
await once(process, "disconnect");

async function answer(runs: number): Promise<void> {
  process.send!(await make(runs));
}

async function make(runs: number): Promise<RunsDone> {
  const cpu = process.cpuUsage();
  const failures: string[] = [];
  pages.length = 0;
  const free = [...clients];
  const latencies: number[] = [];
  const { wallMs } = await drive(runs, clients.length, async (index) => {
    const client = free.pop()!;
    try {
      latencies.push(await makeOne(client, index));
    } catch (cause) {
      failures.push(String(cause));
    } finally {
      free.push(client);
    }
  });
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs, latencies, failures, cpuMs: (user + system) / 1_000, pages: [...pages] };
}

/** @returns the milliseconds until its end was seen. */
async function makeOne({ post, socket }: RunClient, index: number): Promise<number> {
  const input = { workflowVersionId: wanted.workflowVersionId, input: { name: `Ada ${index}` } };
  const began = performance.now();
  let endedAfterMs: number | undefined;
  const hear = (frame: RunEventFrame) => {
    for (const { runStatus } of [frame[wanted.mode] ?? []].flat()) {
      if (runStatus === null || !terminal.has(runStatus)) continue;
      endedAfterMs = performance.now() - began;
      if (runStatus !== "COMPLETED") throw new Error(`a run is ${runStatus}`);
    }
  };
  const query = subscriptions[wanted.mode];
  if (wanted.mode === "startRun") await socket.subscribe({ query, variables: { input } }, hear);
  else {
    const { createRun: run } = await post.ask<{ createRun: { id: string } }>(createRun, { input });
    await socket.subscribe({ query, variables: { runId: run.id } }, hear);
  }
  if (endedAfterMs === undefined) throw new Error("a run's events completed without its end");
  return endedAfterMs;
}

/** Pages through the newest runs, as a list that somebody scrolls does. */
async function readForEver(post: GraphPost): Promise<never> {
  let after: string | null = null;
  for (let page = 1; ; page++) {
    const began = performance.now();
    const { runs }: RunsPage = await post.ask<RunsPage>(listRuns, { after });
    const tookMs = performance.now() - began;
    pages.push(tookMs);
    after = runs.pageInfo.hasNextPage && page % pagesDeep !== 0 ? runs.pageInfo.endCursor : null;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, readEveryMs - tookMs)));
  }
}
