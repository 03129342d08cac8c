/** What commands that ask a running platform have in common. */
import { resolve } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { AppError } from "#shared/errors.ts";
import { tenantIdPattern } from "#shared/request-info.ts";
import type { CliContext } from "../context.ts";
import { cliErrors } from "../errors.ts";
import { runningInstance } from "../process/instance-lock.ts";
import { programName } from "../program-name.ts";
import type { ShownRun } from "./follow.ts";

/** Which graph, who asks, and how it is shown. */
export interface GraphOptions {
  url?: string;
  tenant?: string;
  apiKey?: string;
  json?: boolean;
  /** Seconds. */
  giveUpAfter?: number;
}

/** What is said of `--tenant` and `--api-key`, by all commands that have them. */
export const tenantHelp = "the tenant (that of the API key; without one: public)";
export const apiKeyHelp = "the API key, where authentication is on (AGENT_PLATFORM_API_KEY, which no list of processes shows)";

/** Reads `--tenant`. */
export function tenantOption(text: string): string {
  if (!tenantIdPattern.test(text))
    throw new InvalidArgumentError("It is 1 to 63 letters, digits, '.', '_' or '-', a letter or digit first.");
  return text;
}

/** Reads an option by a check whose refusal is for people: what is wrong with it is told as of any option. */
export function checkedOption<T>(check: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return check(text);
    } catch (error) {
      throw error instanceof AppError ? new InvalidArgumentError(error.message) : error;
    }
  };
}

/** Who asks: a key of the command line, else of the environment. */
export function askedBy(context: CliContext, { tenant, apiKey }: Pick<GraphOptions, "tenant" | "apiKey">) {
  return { tenant, apiKey: apiKey ?? context.env().apiKey };
}

/** Gives a command that shows a run its options. */
export function withGraphOptions(command: Command): Command {
  return command
    .option("--url <url>", "the graph; that of the platform on the data folder unless given", urlOption)
    .option("--tenant <id>", tenantHelp, tenantOption)
    .option("--api-key <key>", apiKeyHelp)
    .option("--give-up-after <seconds>", "how long a lost connection is tried again (60)", secondsOption)
    .option("--json", "print events and the result as JSON, a line each");
}

function secondsOption(text: string): number {
  const seconds = Number(text);
  if (text.trim() === "" || !(seconds >= 0 && seconds <= 86_400)) throw new InvalidArgumentError("It is a number of seconds, 0 to 86400.");
  return seconds;
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

/** How a command shows a run. */
export function showOptions(context: CliContext, options: GraphOptions) {
  const { json, giveUpAfter } = options;
  return {
    isJson: json === true,
    write: (text: string) => context.write(text),
    tell: (text: string) => context.tell(text),
    giveUpAfterMs: giveUpAfter === undefined ? undefined : giveUpAfter * 1_000,
    followLine: (runId: string) => followLine(runId, options),
  };
}

/** To be pasted where this was typed. The key is left out: it would stay on the screen. */
export function followLine(runId: string, { url, tenant }: GraphOptions): string {
  const flags = Object.entries({ url, tenant }).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
  return [programName(), "follow", runId, ...flags].join(" ");
}

/**
 * What a run's end makes of the command that showed it.
 *
 * @throws AppError RUN_NOT_COMPLETED for one that has ended otherwise; why, where that was not shown yet.
 */
export function refuseUncompleted({ run, isFailureShown, needs }: ShownRun & { needs?: string | undefined }): void {
  const { id, status, errorMessage } = run;
  if (status === "FAILED")
    throw cliErrors.RUN_NOT_COMPLETED({ runId: id, status, story: isFailureShown ? "" : (errorMessage ?? ""), needs });
  if (status === "CANCELLED") throw cliErrors.RUN_NOT_COMPLETED({ runId: id, status, story: errorMessage ?? "" });
}
