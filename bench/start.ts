import { mkdtemp, rm, chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "#codegen/client/client.ts";
import { createRun } from "../cli/client/documents.ts";
import { followRun } from "../cli/client/follow.ts";
import { startOwnPlatform } from "../cli/client/trials/own-platform.ts";
import { prepareWorkflow } from "../cli/client/prepare.ts";
import { round, type Figure } from "./figures.ts";

/** (g) From `start` to the first completed run: on a new data folder, and again on the same one. */
export async function benchStart(): Promise<Figure[]> {
  const dataDir = await mkdtemp(join(tmpdir(), "agent-platform-bench-start-"));
  await chmod(dataDir, 0o755);
  try {
    const figures: Figure[] = [];
    for (const kind of ["cold", "warm"]) {
      const began = performance.now();
      const platform = await startOwnPlatform({ environment: process.env, dataDir, settings: { LOG_LEVEL: "error" } });
      const serving = performance.now();
      const client = createClient({ url: platform.graphUrl });
      const dsl = { nodes: [{ id: "a", type: "answer", config: { answer: "hi" } }], edges: [] };
      const prepared = await prepareWorkflow(client, { code: "bench", name: "bench", input: {}, dsl });
      const { createRun: run } = await client.mutate(createRun, { input: { workflowVersionId: prepared.workflowVersionId } });
      const { status } = await followRun(client, run!.id, () => {});
      const ended = performance.now();
      await client.close();
      await platform.stop();
      if (status !== "COMPLETED") throw new Error(`the first run is ${status}`);
      figures.push({
        bench: "start",
        case: kind,
        values: { serving_ms: round(serving - began, 0), first_run_ms: round(ended - began, 0) },
      });
    }
    return figures;
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
