/** How a followed run is shown: for people, a line for each node and a model's text as it comes; for programs, one JSON object on each line. */
import type { CliRunEventPagesSubscription, CliRunResultQuery } from "#codegen/graph/graphql.ts";
import { colours } from "./colours.ts";

/** One thing that happened in a run. */
export type FollowedEvent = NonNullable<CliRunEventPagesSubscription["runEventPages"]>[number];
/** A run at its end. */
export type FinishedRun = NonNullable<CliRunResultQuery["run"]>;

/** Shows a run. */
export interface RunView {
  event(event: FollowedEvent): void;
  /** Something else is about to be written: a line that has begun ends. */
  pause(): void;
  /** The run at its end, or at rest. @returns whether a person has read why it failed. */
  end(run: FinishedRun): boolean;
}

/** Every event, deltas too, and the result: one object on each line. */
export function jsonView(write: (text: string) => void): RunView {
  const line = (value: object) => write(`${JSON.stringify(value)}\n`);
  return {
    event: line,
    pause() {},
    end(run) {
      line(run);
      return false;
    },
  };
}

/** What a model wrote must not move the cursor or change the terminal: of control characters only line ends and tabs are shown. */
const shown = (text: string): string => text.replace(/[^\P{Cc}\n\t]/gu, "");

/** One line for each change of status, the text of models between them, the answer below. */
export function textView(write: (text: string) => void): RunView {
  /** Whose text the current line has. */
  let speaker: string | undefined;
  const failures: string[] = [];
  const line = (text: string) => {
    write(`${speaker === undefined ? "" : "\n"}${text}\n`);
    speaker = undefined;
  };
  const speak = (path: string, text: string) => {
    const margin = colours.dim(`    ${path} │ `);
    if (speaker !== path) write(`${speaker === undefined ? "" : "\n"}${margin}`);
    write(shown(text).replaceAll("\n", `\n${margin}`));
    speaker = path;
  };
  return {
    event(event) {
      if (event.delta != null && event.path != null) return speak(event.path, event.delta);
      if (event.nodeStatus === "FAILED" && event.nodeRun?.errorMessage) failures.push(event.nodeRun.errorMessage);
      const text = statusLine(event);
      if (text !== undefined) line(text);
    },
    pause() {
      if (speaker !== undefined) write("\n");
      speaker = undefined;
    },
    end(run) {
      const answer = answerText(run);
      if (answer !== "") line(`\n${shown(answer)}`);
      // The run's message names the node and repeats what its line has.
      return failures.some((failure) => run.errorMessage?.includes(failure));
    },
  };
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

/** undefined where there is nothing to say. */
function statusLine(event: FollowedEvent): string | undefined {
  if (event.type === "NODE_STATUS" && event.nodeStatus) {
    const { nodeType, startedAt, endedAt, errorMessage } = event.nodeRun ?? {};
    const took = startedAt && endedAt && event.nodeStatus !== "RUNNING" ? `${Date.parse(endedAt) - Date.parse(startedAt)} ms` : "";
    const why = event.nodeStatus === "FAILED" && errorMessage ? `  ${colours.red(shown(errorMessage))}` : "";
    const again = (event.attempt ?? 1) > 1 ? colours.dim(` attempt ${event.attempt}`) : "";
    return `  ${marks[event.nodeStatus]} ${(event.path ?? "").padEnd(20)} ${colours.dim((nodeType ?? "").padEnd(20))} ${event.nodeStatus.toLowerCase().padEnd(10)} ${colours.dim(took)}${again}${why}`;
  }
  if (event.type === "RUN_STATUS" && event.runStatus)
    return `  ${marks[event.runStatus]} ${colours.bold("run")} ${event.runStatus.toLowerCase()}`;
  return undefined;
}

function answerText({ kind, outputText, outputJson }: FinishedRun): string {
  const asked = kind === "SKILL" ? undefined : dryRequest(outputJson);
  if (asked !== undefined) return `${outputText ?? "[dry run]"} It would have asked:\n${JSON.stringify(asked, null, 2)}`;
  const given = outputJson == null ? "" : JSON.stringify(outputJson, null, 2);
  if (kind !== "SKILL" || outputJson === outputText) return outputText ?? given;
  // What a skill gave is its JSON; the text is one that it made that of, or printed.
  return [outputText?.trimEnd(), given].filter(Boolean).join("\n");
}

/** The request that a dry run has in the place of an answer; undefined: it is an answer. */
function dryRequest(output: unknown): object | undefined {
  if (typeof output !== "object" || output === null || !("dry_run" in output) || output.dry_run !== true) return undefined;
  return "request" in output && typeof output.request === "object" ? (output.request ?? undefined) : undefined;
}
