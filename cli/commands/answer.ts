import { Command, InvalidArgumentError, Option } from "commander";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { readJson } from "#shared/json/nesting.ts";
import type { CliContext } from "../context.ts";
import { apiKeyHelp, askedBy, graphUrl, tenantHelp, urlOption, tenantOption, type GraphOptions } from "../client/graph-options.ts";

interface AnswerOptions extends GraphOptions {
  action?: string;
  output?: Json;
  text?: string;
  set?: string[];
  approve?: boolean;
  reject?: boolean;
  arguments?: JsonObject;
  reason?: string;
  show?: boolean;
  assignee?: string;
}

/** `answer [nodeRunId]`: answers what waits for somebody; without an answer lets go on what asks for nothing, and shows all else; without an id lists what waits. */
export function answerCommand(context: CliContext): Command {
  return new Command("answer")
    .description("answer what a run waits for; without an id: list what waits for somebody")
    .argument("[nodeRunId]", "the node run's id, as the list shows it")
    .option("--action <id>", "the way out that is taken, of those that it has")
    .option("--output <json>", "what is filled in: JSON that fits its form", jsonOption)
    .option("--set <name=value>", "one field of its form, and again for each: a text where the form has one, else JSON", listed)
    .option("--text <text>", "the output's text")
    .option("--approve", "of a call that waits for an approval: it is made")
    .addOption(new Option("--reject", "of a call that waits for an approval: it is not made").conflicts("approve"))
    .option("--arguments <json>", "with --approve: what the call is made with instead", objectOption)
    .option("--reason <text>", "with --approve or --reject: why")
    .addOption(
      new Option("--show", "show what it asks, and the command that answers it").conflicts([
        "action",
        "output",
        "set",
        "text",
        "approve",
        "reject",
        "arguments",
        "reason",
      ]),
    )
    .option("--assignee <name>", "of the list: only what asks this person")
    .option("--url <url>", "the graph; that of the platform on the data folder unless given", urlOption)
    .option("--tenant <id>", tenantHelp, tenantOption)
    .option("--api-key <key>", apiKeyHelp)
    .option("--json", "print what comes of it as JSON, a line each")
    .addHelpText(
      "after",
      `
Without an answer it goes on where nothing is asked but that: it has no form, no actions, and is no approval. Else it is shown, and still waits.

The first answer counts. Exit codes: 0 it was taken; 1 somebody was first, or it does not fit; 2 asked for wrongly, or without an answer where one is needed.

Examples:
  agent-platform answer
  agent-platform answer 0197f3c2-5f0e-7c7a-9d53-0a4a1f4f2b11:ask --show
  agent-platform answer 0197f3c2-5f0e-7c7a-9d53-0a4a1f4f2b11:release
  agent-platform answer 0197f3c2-5f0e-7c7a-9d53-0a4a1f4f2b11:ask --action approve --set amount=20 --set note=late
  agent-platform answer 0197f3c2-5f0e-7c7a-9d53-0a4a1f4f2b11:ask --action approve --output '{"amount": 20}'
  agent-platform answer 0197f3c2-5f0e-7c7a-9d53-0a4a1f4f2b11:pay --reject --reason "too much"`,
    )
    .action(async (nodeRunId: string | undefined, options: AnswerOptions) => {
      const { answerWaiting, letGoOn, listWaiting, showQuestion } = await import("../client/answer.ts");
      const asked = { url: graphUrl(context, options.url), ...askedBy(context, options) };
      const print = (text: string) => context.print(text);
      const isJson = options.json === true;
      if (nodeRunId === undefined) return listWaiting({ ...asked, assignee: options.assignee, isJson, print });
      const answer = answerIn(options);
      const isAnswered = options.set !== undefined || Object.values(answer).some((given) => given !== undefined);
      if (options.show === true) return showQuestion({ ...asked, nodeRunId, isJson, print });
      if (!isAnswered) return letGoOn({ ...asked, nodeRunId, isJson, print });
      return answerWaiting({ ...asked, nodeRunId, answer, fields: options.set, isJson, print });
    });
}

function answerIn({ action, output, text, approve, reject, arguments: args, reason }: AnswerOptions) {
  const decision = approve === true ? ("APPROVE" as const) : reject === true ? ("REJECT" as const) : undefined;
  return { action, outputJson: output, outputText: text, decision, arguments: args, reason };
}

function listed(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

function jsonOption(text: string): Json {
  const value = readJson(text);
  if (value === undefined) throw new InvalidArgumentError("It is JSON, such as '{\"amount\": 20}'.");
  return value;
}

function objectOption(text: string): JsonObject {
  const value = jsonOption(text);
  if (!isJsonObject(value)) throw new InvalidArgumentError("It is a JSON object, such as '{\"amount\": 20}'.");
  return value;
}
