/** What commands that ask a running platform have in common. */
import { resolve } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import type { CliContext } from "../context.ts";
import { cliErrors } from "../errors.ts";
import { runningInstance } from "../process/instance-lock.ts";
import type { FinishedRun } from "./run-view.ts";

/** Which graph, who asks, and how it is shown. */
export interface GraphOptions {
  url?: string;
  tenant?: string;
  apiKey?: string;
  json?: boolean;
}

/** Gives a command that shows a run its options. */
export function withGraphOptions(command: Command): Command {
  return command
    .option("--url <url>", "the graph; that of the platform on the data folder unless given", urlOption)
    .option("--tenant <id>", "the tenant (public)")
    .option("--api-key <key>", "the API key, where authentication is on")
    .option("--json", "print events and the result as JSON, a line each");
}

/** Reads `--url`. */
export function urlOption(text: string): string {
  const isWeb = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  if (!isWeb) throw new InvalidArgumentError("It is a URL, such as http://127.0.0.1:4000/graphql.");
  return text;
}

/** Where the graph is: the one that was asked for, else that of the platform on the data folder. */
export function graphUrl(context: CliContext, option: string | undefined): string {
  if (option !== undefined) return option;
  const { dataDir, host, port } = context.env();
  return runningInstance(resolve(dataDir))?.graphUrl ?? `http://${host}:${port}/graphql`;
}

/** What a run's end makes of the command that showed it. @throws AppError RUN_NOT_COMPLETED for one that has ended otherwise. */
export function refuseUncompleted({ id, status, errorMessage }: FinishedRun): void {
  if (status === "FAILED" || status === "CANCELLED") throw cliErrors.RUN_NOT_COMPLETED({ runId: id, status, story: errorMessage ?? "" });
}
