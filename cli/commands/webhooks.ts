import { Command, Option } from "commander";
import { checkName } from "#shared/fields.ts";
import type { CliContext } from "../context.ts";
import { checkedOption, type GraphOptions } from "../client/graph-options.ts";
import { triggersAsked, withTriggerOptions } from "./schedules.ts";

interface CreateOptions extends GraphOptions {
  name?: string;
  answer?: "AT_ONCE" | "OUTPUT";
  signed?: keyof typeof senders;
}

/** Senders whose way to sign is known. */
const senders = {
  github: {
    signature: { header: "x-hub-signature-256", prefix: "sha256=" },
    deliveryHeader: "x-github-delivery",
    headers: ["x-github-event"],
  },
  stripe: { signature: { header: "stripe-signature", prefix: "v1=", signedText: "{timestamp}.{body}" } },
  slack: {
    signature: {
      ...{ header: "x-slack-signature", prefix: "v0=", signedText: "v0:{timestamp}:{body}" },
      timestampHeader: "x-slack-request-timestamp",
    },
  },
};

/** `webhooks`: runs of calls from outside. */
export function webhooksCommand(context: CliContext): Command {
  const webhooks = new Command("webhooks").description("make addresses whose calls make runs of a workflow; list, delete");
  webhooks.addCommand(
    withTriggerOptions(new Command("list").description("list the webhooks, newest first")).action(async (options: GraphOptions) => {
      const { listWebhooks } = await import("../client/triggers.ts");
      await listWebhooks(triggersAsked(context, options));
    }),
  );
  webhooks.addCommand(createOf(context));
  webhooks.addCommand(
    withTriggerOptions(new Command("delete").description("delete it; its runs stay").argument("<id>", "the webhook")).action(
      async (id: string, options: GraphOptions) => {
        const { removeWebhook } = await import("../client/triggers.ts");
        await removeWebhook(triggersAsked(context, options), id);
      },
    ),
  );
  return webhooks;
}

function createOf(context: CliContext): Command {
  return withTriggerOptions(new Command("create"))
    .description("make a webhook; its URL, and its secret, are printed this once")
    .argument("<workflowId>", "the workflow whose published version runs")
    .option("--name <name>", "for people", checkedOption(checkName), "webhook")
    .addOption(new Option("--answer <what>", "what is answered (AT_ONCE)").choices(["AT_ONCE", "OUTPUT"]))
    .addOption(
      new Option("--signed <sender>", "calls are signed as this sender signs; with other senders by createWebhook").choices(
        Object.keys(senders),
      ),
    )
    .addHelpText("after", "\nExample:\n  agent-platform webhooks create 0197f3c2-5f0e-7c7a-9d53-0a4a1f4f2b11 --signed github")
    .action(async (workflowId: string, options: CreateOptions) => {
      const { makeWebhook } = await import("../client/triggers.ts");
      const { name = "webhook", answer, signed } = options;
      await makeWebhook(triggersAsked(context, options), { workflowId, name, answer, ...(signed && senders[signed]) });
    });
}
