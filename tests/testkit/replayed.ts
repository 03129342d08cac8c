/** What the rows of runs say when an owner makes the runs again from them: what was told of them (C5), and each iteration what its items gave, each loop what its last round did (C8). */
import { isDeepStrictEqual } from "node:util";
import type pg from "pg";
import type { Json, JsonObject } from "#shared/json.ts";
import type { FrameResult } from "../../subgraphs/runtime/engine/frame.ts";
import { iterationOutput } from "../../subgraphs/runtime/engine/drivers/iteration.driver.ts";
import { loopOutput } from "../../subgraphs/runtime/engine/drivers/loop.driver.ts";
import { runOutput } from "../../subgraphs/runtime/engine/output.ts";
import { ordinalOf } from "../../subgraphs/runtime/engine/path.ts";
import {
  compilePlan,
  nodeOfPath,
  type CompiledComposite,
  type CompiledPlan,
  type PlanDocument,
} from "../../subgraphs/runtime/engine/plan.ts";
import { runStatus } from "../../subgraphs/runtime/engine/status.ts";
import { replayLoaded } from "../../subgraphs/runtime/owner/takeover/run-rebuild.ts";
import { outputsLoad, runsLoad, type LoadedNode, type LoadedRun } from "../../subgraphs/runtime/queue/load.sql.ts";
import { runStatusWord } from "../../subgraphs/runtime/queue/statuses.ts";

/** Larger runs are not looked at. */
const mostBytes = 2_000_000;
const mostRows = 2_000;

interface RunRow {
  id: string;
  plan_id: string;
  document: PlanDocument;
  output_text: string | null;
  output_json: unknown;
  error_code: string | null;
}

/** @returns a sentence for each invariant that some runs break. */
export async function badlyReplayed(pool: Pick<pg.Pool, "query">): Promise<string[]> {
  const { rows } = await pool.query<RunRow>(
    `select r.id, r.plan_id, p.document, r.output_text, r.output_json, r.error_code from runtime.run r join runtime.plan p on p.id = r.plan_id
     where r.event_seq between 2 and $1 and (select coalesce(sum(a.size_bytes), 0) from runtime.artifact a where a.run_id = r.id) < $2`,
    [mostRows, mostBytes],
  );
  const plans = new Map<string, CompiledPlan>();
  const broken = new Map<string, string[]>();
  for (const row of rows) {
    const plan = plans.get(row.plan_id) ?? compilePlan(row.document);
    plans.set(row.plan_id, plan);
    for (const claim of await brokenBy(pool, row, plan)) broken.set(claim, [...(broken.get(claim) ?? []), row.id]);
  }
  return [...broken].map(([claim, ids]) => `${claim}: ${ids.slice(0, 5).join(", ")}`);
}

async function brokenBy(pool: Pick<pg.Pool, "query">, row: RunRow, plan: CompiledPlan): Promise<string[]> {
  const [run] = await runsLoad(pool, [row.id]);
  if (run === undefined) return [];
  await outputsLoad(pool, [run]);
  return [...replayedBadly(run, row, plan), ...(await givenBadly(pool, run, plan))];
}

function replayedBadly(run: LoadedRun, row: RunRow, plan: CompiledPlan): string[] {
  const claim = "C5 what is stored of a run replays to what was told of it";
  try {
    const { graph } = replayLoaded(plan, run, 0);
    // Others were ended by a message, by their time, or by SQL.
    if (runStatusWord(run.status) !== "COMPLETED" || runStatus(graph) !== "COMPLETED") return [];
    const { outputText, outputJson } = runOutput(graph.root);
    return isDeepStrictEqual([outputText, outputJson], [row.output_text, row.output_json]) ? [] : [`${claim} (its output)`];
  } catch (cause) {
    return [`${claim} (${(cause as Error).message})`];
  }
}

/** Of each iteration that completed it is made again from the rows of its items, and of each loop from those of its rounds. */
async function givenBadly(pool: Pick<pg.Pool, "query">, { id, nodes }: LoadedRun, plan: CompiledPlan): Promise<string[]> {
  const broken: string[] = [];
  for (const each of nodes) {
    const composite = nodeOfPath(plan, each.path)?.composite;
    if (each.opened === null || each.status !== 3 || composite?.end === undefined) continue;
    const { rows } = await pool.query<{ node: LoadedNode }>(
      `select json_build_object('path', n.path, 'status', n.status, 'outputText', n.output_text, 'outputJson', n.output_json,
         'outputArtifactId', n.output_artifact_id) as node
       from runtime.node_run n where n.run_id = $1 and n.parent_path = $2 and n.node_type = 'frame'`,
      [id, each.path],
    );
    const frames = rows.map(({ node }) => node);
    await outputsLoad(pool, [{ nodes: frames }]);
    const results: FrameResult[] = [];
    for (const { path, status, outputText, outputJson } of frames)
      results[ordinalOf(path)!] = { hasFailed: status !== 3, output: { output: outputJson, text: outputText } };
    if (!isDeepStrictEqual(givenBy(composite, results, each.outputJson), each.outputJson))
      broken.push(
        `C8 ${composite.kind === "loop" ? "a loop gives what its last round gave" : "an iteration gives what its items gave, in their order"}`,
      );
  }
  return broken;
}

/** Its variables stand in its output only, and so does why it ended. */
function givenBy(composite: CompiledComposite, results: FrameResult[], given: Json): Json {
  if (composite.kind === "iteration") return iterationOutput(composite, results);
  const { stopped, variables } = given as { stopped: string; variables: JsonObject };
  const last = results.at(-1)?.output ?? { output: null, text: null };
  return loopOutput(last, { rounds: results.length, isDone: stopped === "until", variables });
}
