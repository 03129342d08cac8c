/** Another tenant, who asks small things and runs small workflows while one tenant does something: what it saw of that. */
import { setTimeout as pause } from "node:timers/promises";
import { makeWorkflow, startRun } from "./graph.ts";
import type { GraphAnswer } from "./platform.ts";
import type { PartName, PlatformProcesses, SeenProcess } from "./platform-processes.ts";

/** What the other tenant saw meanwhile. */
export interface Beside {
  /** Answered as they should be. */
  pings: number;
  /** Answers that were refused; must be none. */
  refused: unknown[];
  /** Runs that have COMPLETED. */
  completed: number;
  /** Runs that ended otherwise; must be none. */
  failed: unknown[];
  /** The longest turn of each part's main loop meanwhile, in ms. */
  longestMs: Record<string, number>;
  /** Bytes that each part has more than before. */
  grownBytes: Record<string, number>;
}

/** The other tenant. */
export interface Bystander {
  /** Does its small things until the work is done, once at least. */
  beside<T>(work: () => Promise<T>): Promise<{ outcome: T; beside: Beside }>;
}

const tenant = { "x-tenant-id": "bystander" };
const parts: PartName[] = ["API", "worker"];
const ends = ["COMPLETED", "FAILED", "CANCELLED"];
const ofRun = "query Bystander($id: ID!) { run(id: $id) { status errorCode } }";

/** A tenant that has a workflow of one node, and has asked everything once. */
export async function bystander(platform: PlatformProcesses): Promise<Bystander> {
  const dsl = { nodes: [{ id: "hello", type: "answer", config: { answer: "Hello {{ input.name }}" } }], edges: [] };
  const { workflowId } = await makeWorkflow(platform, dsl, tenant);
  const seen = async () => Object.fromEntries(await Promise.all(parts.map(async (part) => [part, await platform.ask(part)] as const)));

  async function watched<T>(work: () => Promise<T>): Promise<{ outcome: T; beside: Beside }> {
    const before: Record<string, SeenProcess> = await seen();
    const beside: Beside = { pings: 0, refused: [], completed: 0, failed: [], longestMs: {}, grownBytes: {} };
    let isDone = false;
    const ping = async (query: string, variables?: Record<string, unknown>): Promise<GraphAnswer> => {
      const answer = await platform.post(query, variables, tenant);
      if (answer.errors) beside.refused.push(answer.errors);
      else beside.pings += 1;
      return answer;
    };
    const asking = async () => {
      do {
        await ping("{ __typename }");
        await ping("{ runs(first: 1) { edges { node { id } } } }");
        await pause(2);
      } while (!isDone);
    };
    const running = async () => {
      do {
        const id = await startRun(platform, workflowId, { name: "Ada" }, {}, tenant);
        for (;;) {
          const { data } = await ping(ofRun, { id });
          const run = (data as { run: { status: string } | null } | undefined)?.run;
          if (run && !ends.includes(run.status)) await pause(5);
          else if (run?.status === "COMPLETED") beside.completed += 1;
          else beside.failed.push(run);
          if (!run || ends.includes(run.status)) break;
        }
      } while (!isDone);
    };
    const living = [asking(), running()];
    try {
      const outcome = await work();
      isDone = true;
      await Promise.all(living);
      for (const [part, { longestMs, rssBytes }] of Object.entries(await seen())) {
        beside.longestMs[part] = longestMs;
        beside.grownBytes[part] = rssBytes - (before[part]?.rssBytes ?? 0);
      }
      return { outcome, beside };
    } finally {
      isDone = true;
      await Promise.allSettled(living);
    }
  }
  // What is compiled at the first time is nobody's cost.
  await watched(() => pause(500));
  return { beside: watched };
}
