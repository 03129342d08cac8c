import { cancelRun, deleteRun, retryRun, updateRunStatus } from "../../../subgraphs/runtime/graph/run.service.ts";
import type { Run } from "../../../subgraphs/runtime/graph/run.entity.ts";
import type { RuntimeContext } from "../../../subgraphs/runtime/graph/runtime.context.ts";
import { runStatusNumber, type RunStatus } from "../../../subgraphs/runtime/queue/statuses.ts";

/** What the engine answers, and how each read finds the run: the last says it for all behind it. */
function context(control: object, statuses: readonly RunStatus[]): RuntimeContext {
  const left = [...statuses];
  const run = {
    clear: () => run,
    load: async (id: string) => ({ id, status: runStatusNumber((left.length > 1 ? left.shift() : left[0])!) }) as Run,
  };
  return {
    db: { tenantId: "acme" },
    services: { control, quotas: { admitted: (_tenantId: string, making: () => unknown) => making() } },
    loaders: { run },
  } as unknown as RuntimeContext;
}

describe("a run that is made while it is looked for", () => {
  const madeSince = context({ cancel: async () => "unknown", updateRun: async () => "unknown" }, ["QUEUED"]);

  it.each([
    ["cancelRun", () => cancelRun(madeSince, "r1", null)],
    ["updateRunStatus", () => updateRunStatus(madeSince, "r1", "CANCELLED")],
  ])("%s does not say that it was told", async (_name, tell) => {
    await expect(tell()).rejects.toMatchObject({ code: "NOT_FOUND", message: "No run r1." });
  });
});

describe("a run that ends while it is looked at", () => {
  it("is retried where it has failed since, and never refused as one that is FAILED", async () => {
    const answers = ["other-status", "created"];
    const failedSince = context({ retryRun: async () => answers.shift() }, ["FAILED"]);
    await expect(retryRun(failedSince, "r1")).resolves.toBeDefined();
    expect(answers).toEqual([]);
  });

  it("is refused by its retry as what it was found to be", async () => {
    const open = context({ retryRun: async () => "other-status" }, ["RUNNING"]);
    await expect(retryRun(open, "r1")).rejects.toMatchObject({ reason: "RUN_NOT_FAILED", facts: { status: "RUNNING" } });
  });

  it("is deleted as it was shown, or not at all", async () => {
    const told: string[] = [];
    const control = { deleteRun: async () => told.push("deleted") && "deleted" };
    await expect(deleteRun(context(control, ["RUNNING", "COMPLETED"]), "r1")).rejects.toMatchObject({
      reason: "RUN_NOT_FINISHED",
      facts: { status: "RUNNING" },
    });
    expect(told).toEqual([]);
  });
});
