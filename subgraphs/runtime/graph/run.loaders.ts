import DataLoader from "dataloader";
import type { Db, Tx } from "#shared/db/database.ts";
import type { Evaluator } from "#shared/evaluation/job.ts";
import type { JsonObject, Json } from "#shared/json.ts";
import { childPageLoader, rowLoader } from "#shared/graphql/loaders.ts";
import { artifactContents, artifactList, artifactsById } from "./artifact.sql.ts";
import { leaseEnds } from "./lease.sql.ts";
import { nodeInputLoader } from "./node-input.loaders.ts";
import { nodeRunLoader, nodeRunPageLoader } from "./node-run.loaders.ts";
import { nodeRunOutputs } from "./node-run.sql.ts";
import { queuedNodes } from "./queued-node.ts";
import { Run, runHeads } from "./run.entity.ts";
import { runPageLoader } from "./run-page.loader.ts";
import { spanList, spansById } from "./span.sql.ts";

/** The loaders of one operation, or of one event of a stream. */
export type RuntimeLoaders = ReturnType<typeof runtimeLoaders>;

/** Makes them; each turns the keys of a tick into one statement. */
export function runtimeLoaders(db: Db, evaluation: Evaluator) {
  const batched = <T>(load: (tx: Tx, keys: readonly string[]) => Promise<T[]>) =>
    new DataLoader((keys: readonly string[]) => db.read((tx) => load(tx, keys)));
  const runsOf = (parent: string) => childPageLoader(db, { entity: Run, table: runHeads, parent });
  const queued = batched(queuedNodes);
  return {
    run: rowLoader(db, Run),
    runInput: batched(runInputs),
    runState: batched(runStates),
    runOutput: batched(runOutputs),
    runsOfApp: runsOf("app_id"),
    runsOfWorkflow: runsOf("workflow_id"),
    runsOfSession: runsOf("session_id"),
    queued,
    nodeRun: nodeRunLoader(db, queued),
    nodeRunOutput: batched(nodeRunOutputs),
    nodeInput: nodeInputLoader(db, evaluation),
    nodeRunPage: nodeRunPageLoader(db, queued),
    leaseEnd: batched(leaseEnds),
    artifact: batched(artifactsById),
    artifactContent: batched(artifactContents),
    artifactPage: runPageLoader(db, artifactList),
    span: batched(spansById),
    spanPage: runPageLoader(db, spanList),
  };
}

/** What a run gave. */
export interface RunOutput {
  outputText: string | null;
  outputJson: Json;
}

/** Each part of what a run holds by itself: all three of a page are some hundred MiB, and whoever asks for one is not to pay for the others. */
const runInputs = payloads<{ input: JsonObject }>("input");
const runStates = payloads<{ state: JsonObject }>("state");
const runOutputs = payloads<RunOutput>('output_text as "outputText", output_json as "outputJson"');

function payloads<T extends object>(columns: string) {
  return async (tx: Tx, ids: readonly string[]): Promise<(T | null)[]> => {
    const text = `select id, ${columns} from runtime.run where tenant_id = $2 and id = any($1)`;
    const rows = await tx.sql<T & { id: string }>(text, [ids, tx.tenantId]);
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => byId.get(id) ?? null);
  };
}
