import { Command, InvalidArgumentError, Option } from "commander";
import { checkName } from "#shared/fields.ts";
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import { readJson } from "#shared/json/nesting.ts";
import type { CliContext } from "../context.ts";
import {
  apiKeyHelp,
  askedBy,
  checkedOption,
  graphUrl,
  tenantHelp,
  urlOption,
  tenantOption,
  type GraphOptions,
} from "../client/graph-options.ts";
import type { TriggersAsked } from "../client/triggers.ts";

interface CreateOptions extends GraphOptions {
  name?: string;
  zone?: string;
  input?: JsonObject;
  missed?: "SKIP" | "ONCE";
}

/** `schedules`: runs at planned times. */
export function schedulesCommand(context: CliContext): Command {
  const schedules = new Command("schedules").description("make runs of a workflow at planned times; list, pause, resume, delete");
  schedules.addCommand(
    withTriggerOptions(new Command("list").description("list the schedules, newest first")).action(async (options: GraphOptions) => {
      const { listSchedules } = await import("../client/triggers.ts");
      await listSchedules(triggersAsked(context, options));
    }),
  );
  schedules.addCommand(createOf(context));
  for (const [verb, what] of [
    ["pause", "make no run until it is resumed"],
    ["resume", "go on, with the next time from now on"],
    ["delete", "delete it; its runs stay"],
  ] as const)
    schedules.addCommand(
      withTriggerOptions(new Command(verb).description(what).argument("<id>", "the schedule")).action(
        async (id: string, options: GraphOptions) => {
          const { changeSchedule } = await import("../client/triggers.ts");
          await changeSchedule(triggersAsked(context, options), verb, id);
        },
      ),
    );
  return schedules;
}

function createOf(context: CliContext): Command {
  return withTriggerOptions(new Command("create"))
    .description("make a schedule: a run of the workflow's published version at each time")
    .argument("<workflowId>", "the workflow")
    .argument("<cron>", "minute, hour, day of the month, month, day of the week, such as '30 6 * * 1-5'; or @hourly, @daily, @weekly")
    .option("--name <name>", "for people (the expression)", checkedOption(checkName))
    .option("--zone <zone>", "whose clock it goes by, such as Europe/Berlin (UTC)")
    .option("--input <json>", "the input of its runs", objectOption)
    .addOption(new Option("--missed <policy>", "what is done about times that passed unused (SKIP)").choices(["SKIP", "ONCE"]))
    .addHelpText(
      "after",
      "\nExample:\n  agent-platform schedules create 0197f3c2-5f0e-7c7a-9d53-0a4a1f4f2b11 '30 6 * * 1-5' --zone Europe/Berlin",
    )
    .action(async (workflowId: string, cron: string, options: CreateOptions) => {
      const { makeSchedule } = await import("../client/triggers.ts");
      const { name = cron, zone, input, missed } = options;
      await makeSchedule(triggersAsked(context, options), { workflowId, cron, name, zone, input, missed });
    });
}

/** Gives a command of triggers its options. */
export function withTriggerOptions(command: Command): Command {
  return command
    .option("--url <url>", "the graph; that of the platform on the data folder unless given", urlOption)
    .option("--tenant <id>", tenantHelp, tenantOption)
    .option("--api-key <key>", apiKeyHelp)
    .option("--json", "print what comes of it as JSON, a line each");
}

/** Who asks, where, and how it is shown. */
export function triggersAsked(context: CliContext, options: GraphOptions): TriggersAsked {
  const print = (text: string) => context.print(text);
  return { url: graphUrl(context, options.url), ...askedBy(context, options), isJson: options.json === true, print };
}

function objectOption(text: string): JsonObject {
  const value = readJson(text);
  if (!isJsonObject(value)) throw new InvalidArgumentError('It is a JSON object, such as \'{"topic": "news"}\'.');
  return value;
}
