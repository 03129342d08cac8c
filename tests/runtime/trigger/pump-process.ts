/** A process with a pump of schedules and nothing else. Told by argv: database URL. It stands still in each firing until its parent says go. */
import { pino } from "pino";
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import { openPool } from "#shared/db/pool.ts";
import { LocalHints } from "../../testkit/engine/local-hints.ts";
import { DocumentCache } from "../../../subgraphs/runtime/plan/document-cache.ts";
import { SchedulePump } from "../../../subgraphs/runtime/trigger/schedule-pump.ts";

const [url = ""] = process.argv.slice(2);
const going = new Promise<void>((resolve) => process.once("message", () => resolve()));

/** The workflow subgraph, as far as a plan asks it. */
const runSource = {
  ...{ versionId: "v", versionStatus: "PUBLISHED", workflowId: "w", workflowAppId: "a", workflowDeleted: false },
  ...{ appId: null, appVersionId: null, appVersionAppId: null },
  dsl: { nodes: [{ id: "say", type: "answer", config: { answer: "x" } }], edges: [] },
};
const call: Pick<SubgraphCaller, "request"> = {
  async request() {
    process.send?.("taken");
    await going;
    return { runSource } as never;
  },
};

const pump = new SchedulePump({
  db: openPool({ url, scope: "engine", max: 4 }),
  call: call as SubgraphCaller,
  documents: new DocumentCache(),
  quotas: { admitted: (_tenantId, making) => making() },
  evaluation: { run: () => Promise.reject(new Error("nothing is evaluated")) },
  gates: { wanted: () => {} },
  hints: new LocalHints(),
  log: pino({ level: "fatal" }, pino.destination(2)),
});
process.on("disconnect", () => void pump.close().then(() => process.exit(0)));
