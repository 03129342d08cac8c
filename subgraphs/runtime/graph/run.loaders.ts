import DataLoader from "dataloader";
import type { Db, Tx } from "#shared/db/database.ts";
import type { Evaluator } from "#shared/evaluation/job.ts";
import type { JsonObject, Json } from "#shared/json.ts";
import { childPageLoader, rowLoader } from "#shared/graphql/loaders.ts";
import { payloadLoader, type PayloadSource } from "#shared/graphql/payload-loader.ts";
import { artifactContents, artifactList, artifactsById } from "./node-runs/artifact.sql.ts";
import { leaseEnds } from "./lease.sql.ts";
import { nodeInputLoader } from "./node-runs/node-input.loaders.ts";
import { nodeRunLoader, nodeRunPageLoader } from "./node-runs/node-run.loaders.ts";
import { nodeRunOutputs } from "./node-runs/node-run.sql.ts";
import { queuedNodes } from "./node-runs/queued-node.ts";
import { Run, runHeads } from "./run.entity.ts";
import { linePlaces } from "./run-line.sql.ts";
import { runPageLoader } from "./run-page.loader.ts";
import { mockKeysOfRuns } from "./run-mocks.sql.ts";
import { waitingByIds } from "./waiting/waiting.sql.ts";
import { spanList, spansById } from "./watching/span.sql.ts";

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
    runInput: payloadLoader(db, runInputs),
    runMockKeys: batched(mockKeysOfRuns),
    runState: payloadLoader(db, runStates),
    runOutput: payloadLoader(db, runOutputs),
    runsOfApp: runsOf("app_id"),
    runsOfWorkflow: runsOf("workflow_id"),
    runsOfSession: runsOf("session_id"),
    runsOfRun: runsOf("parent_run_id"),
    agentRunsOfSession: childPageLoader(db, { entity: Run, table: runHeads, parent: "session_id", condition: "c.kind = 'AGENT'" }),
    runsOfAgent: childPageLoader(db, { entity: Run, table: runHeads, parent: "subject_id", condition: "c.kind = 'AGENT'" }),
    teamRunsOfSession: childPageLoader(db, { entity: Run, table: runHeads, parent: "session_id", condition: "c.kind = 'TEAM'" }),
    runsOfTeam: childPageLoader(db, { entity: Run, table: runHeads, parent: "subject_id", condition: "c.kind = 'TEAM'" }),
    runsOfSkill: childPageLoader(db, { entity: Run, table: runHeads, parent: "subject_id", condition: "c.kind = 'SKILL'" }),
    queued,
    nodeRun: nodeRunLoader(db, queued),
    nodeRunOutput: payloadLoader(db, nodeRunOutputs),
    nodeInput: nodeInputLoader(db, evaluation),
    nodeRunPage: nodeRunPageLoader(db, queued),
    waiting: batched(waitingByIds),
    leaseEnd: batched(leaseEnds),
    runLine: batched(linePlaces),
    artifact: batched(artifactsById),
    artifactContent: payloadLoader(db, artifactContents),
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

const columnOf = { input: "input", state: "state", outputText: "output_text", outputJson: "output_json" };

/** Each part of what a run holds by itself: all three of a page are some hundred MiB, and whoever asks for one is not to pay for the others. */
const runInputs = payloads<{ input: JsonObject }>("input");
const runStates = payloads<{ state: JsonObject }>("state");
const runOutputs = payloads<RunOutput>("outputText", "outputJson");

function payloads<Row extends object>(...columns: (keyof Row & keyof typeof columnOf)[]): PayloadSource<Row> {
  const selected = columns.map((name) => `${columnOf[name]} as "${name}"`).join(", ");
  return {
    rows: `select id, ${selected} from runtime.run where tenant_id = $2 and id = any($1)`,
    columns,
    valuesOf: (ids, tenantId) => [ids, tenantId],
  };
}
