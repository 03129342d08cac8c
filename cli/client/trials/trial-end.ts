/** A trial leaves no run open: neither its own, nor those that this has made and does not wait for (`detached`), which nobody would ever execute. */
import { setTimeout as sleep } from "node:timers/promises";
import type { GraphClient } from "#codegen/client/client.ts";
import { GraphqlRequestError } from "#codegen/client/errors.ts";
import type { CliTestedRunQuery } from "#codegen/graph/graphql.ts";
import { isJsonObject, type Json } from "#shared/json.ts";
import { cancelRun } from "../documents.ts";

type TriedNode = NonNullable<CliTestedRunQuery["run"]>["nodeRuns"]["nodes"][number];

const makers: ReadonlySet<string> = new Set(["sub-workflow", "agent", "team", "skill"]);
/** A run that is asked for is made within moments; a platform that is busy takes longer, and one that has stopped to make runs is not waited for. */
const madeWithinMs = 10_000;
const lookAgainMs = 200;

/** The run that a node has made and does not wait for, which may not be there yet; undefined: none. */
export function leftRun({ nodeType, status, isMocked, outputJson, childRun }: TriedNode): string | undefined {
  if (isMocked || status !== "COMPLETED" || !makers.has(nodeType)) return undefined;
  const output = outputJson as Json;
  const runId = isJsonObject(output) && Object.keys(output).length === 1 ? output["runId"] : undefined;
  return childRun?.id ?? (typeof runId === "string" ? runId : undefined);
}

/** Cancels runs, where they have not ended. @returns what is wrong where one could not be. */
export async function runsEnd(client: GraphClient, ids: readonly string[]): Promise<string[]> {
  const problems: string[] = [];
  for (const id of ids) {
    const problem = await runEnd(client, id);
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

async function runEnd(client: GraphClient, id: string): Promise<string | undefined> {
  const untilMs = performance.now() + madeWithinMs;
  for (;;) {
    try {
      await client.mutate(cancelRun, { id, reason: "Its trial is over." });
      return undefined;
    } catch (cause) {
      if (!(cause instanceof GraphqlRequestError)) throw cause;
      if (cause.code === "CONFLICT") return undefined;
      if (cause.code !== "NOT_FOUND" || performance.now() > untilMs) return `Run ${id} was not cancelled: ${cause.message}`;
      await sleep(lookAgainMs);
    }
  }
}
