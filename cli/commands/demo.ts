import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { cliErrors } from "../errors.ts";
import { refuseUncompleted } from "../client/graph-options.ts";
import { startOwnPlatform, throwAwayEnvironment } from "../client/trials/own-platform.ts";
import { readWorkflowFile } from "../client/workflow-file.ts";
import { startShop } from "../demo/shop.ts";

const examplesFolder = fileURLToPath(new URL("../../examples", import.meta.url));
/** The support agent, with a model of its own. */
const agentDemo = "agent";

/** `demo [example]`: starts what is needed, runs one example, shows it node by node, and leaves nothing behind. */
export function demoCommand(context: CliContext): Command {
  return new Command("demo")
    .description("start a throw-away platform, run an example on it and watch")
    .argument("[example]", "a name in examples/, or agent: the support agent, which needs no key", "lead-scoring")
    .addHelpText("after", "\nExamples:\n  agent-platform demo\n  agent-platform demo product-search\n  agent-platform demo agent")
    .action(async (example: string) => {
      if (example === agentDemo) return runDemo(context, { example, path: join(examplesFolder, "support-agent.json") });
      const names = (await readdir(examplesFolder)).filter((name) => name.endsWith(".json")).map((name) => basename(name, ".json"));
      if (!names.includes(example)) throw cliErrors.EXAMPLE_UNKNOWN({ example, examples: names.join(", ") });
      const path = join(examplesFolder, `${example}.json`);
      const { needs } = await readWorkflowFile(path);
      // Nobody can make a provider on a platform that is gone with the run.
      if (needs.includes("model") && context.env().providerBaseUrl === undefined) throw cliErrors.EXAMPLE_NEEDS_MODEL({ example });
      await runDemo(context, { example, path });
    });
}

interface Demo {
  example: string;
  path: string;
}

async function runDemo(context: CliContext, demo: Demo): Promise<void> {
  const shop = await startShop();
  try {
    const platform = await startOwnPlatform({
      settings: { EGRESS_ALLOW: shop.host, LOG_LEVEL: "warn" },
      environment: throwAwayEnvironment(context.environment),
      progress: (step) => context.tell(`  · ${step} …`),
    });
    try {
      await (demo.example === agentDemo ? showAgent : showExample)(context, demo, { url: platform.graphUrl, shop: shop.host });
    } finally {
      await platform.stop();
    }
  } finally {
    shop.stop();
  }
}

interface Place {
  url: string;
  shop: string;
}

async function showAgent(context: CliContext, { path }: Demo, { url, shop }: Place): Promise<void> {
  const [{ createClient }, { demoAgent }] = await Promise.all([import("#codegen/client/client.ts"), import("../demo/agent.ts")]);
  const client = createClient({ url });
  try {
    await demoAgent(context, client, { path, shop });
  } finally {
    await client.close();
  }
}

async function showExample(context: CliContext, { example, path }: Demo, { url, shop }: Place): Promise<void> {
  const input = example === "product-search" ? JSON.stringify({ query: "lamp", catalog_url: `http://${shop}` }) : undefined;
  const { runFile } = await import("../client/run-file.ts");
  const made = await runFile({
    ...{ path, url, input, isFollowed: true, isJson: false, toolsUrl: `http://${shop}` },
    write: (text) => context.write(text),
    tell: (text) => context.tell(text),
  });
  refuseUncompleted({ ...made, needs: undefined });
}
