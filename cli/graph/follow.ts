/** Follows a run in the terminal: one line for each node, as it happens. */
import type { CliRunEventsSubscription, CliRunResultQuery } from "#codegen/graph/graphql.ts";
import type { GraphClient } from "#codegen/client/client.ts";
import { colours } from "./colours.ts";
import { runEvents, runResult } from "./documents.ts";

/** One thing that happened in a run. */
export type FollowedEvent = CliRunEventsSubscription["runEvents"];
/** A run at its end. */
export type FinishedRun = NonNullable<CliRunResultQuery["run"]>;

/** Hears everything that happens in the run, until it has ended or rests; gives the run as it is then. */
export async function followRun(client: GraphClient, runId: string, hear: (event: FollowedEvent) => void): Promise<FinishedRun> {
  for await (const { runEvents: event } of client.subscribe(runEvents, { runId })) {
    hear(event);
    if (event.type === "RUN_STATUS" && event.runStatus === "WAITING") break;
  }
  const { run } = await client.query(runResult, { id: runId });
  if (!run) throw new Error(`run ${runId} is gone`);
  return run;
}

const marks: Record<string, string> = {
  COMPLETED: colours.green("✓"),
  FAILED: colours.red("✗"),
  SKIPPED: colours.dim("–"),
  CANCELLED: colours.yellow("■"),
  WAITING: colours.yellow("…"),
  RUNNING: colours.cyan("▸"),
  QUEUED: colours.dim("·"),
};

/** An event as a line for people; undefined where there is nothing to say. */
export function eventLine(event: FollowedEvent): string | undefined {
  if (event.type === "NODE_STATUS" && event.nodeStatus) {
    const { nodeType, startedAt, endedAt, errorMessage } = event.nodeRun ?? {};
    const took = startedAt && endedAt && event.nodeStatus !== "RUNNING" ? `${Date.parse(endedAt) - Date.parse(startedAt)} ms` : "";
    const why = event.nodeStatus === "FAILED" && errorMessage ? `  ${colours.red(errorMessage)}` : "";
    const again = (event.attempt ?? 1) > 1 ? colours.dim(` attempt ${event.attempt}`) : "";
    return `  ${marks[event.nodeStatus]} ${(event.nodeId ?? "").padEnd(20)} ${colours.dim((nodeType ?? "").padEnd(20))} ${event.nodeStatus.toLowerCase().padEnd(10)} ${colours.dim(took)}${again}${why}`;
  }
  if (event.type === "RUN_STATUS" && event.runStatus)
    return `  ${marks[event.runStatus]} ${colours.bold("run")} ${event.runStatus.toLowerCase()}`;
  return undefined;
}
