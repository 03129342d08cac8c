import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { cliErrors } from "../errors.ts";
import { refuseUncompleted } from "../client/graph-options.ts";
import { startOwnPlatform, throwAwayEnvironment } from "../client/own-platform.ts";
import { readWorkflowFile } from "../client/workflow-file.ts";

const examplesFolder = fileURLToPath(new URL("../../examples", import.meta.url));

/** `demo [example]`: starts what is needed, runs one example, shows it node by node, and leaves nothing behind. */
export function demoCommand(context: CliContext): Command {
  return new Command("demo")
    .description("start a throw-away platform, run an example on it and watch")
    .argument("[example]", "a name in examples/", "lead-scoring")
    .addHelpText("after", "\nExamples:\n  agent-platform demo\n  agent-platform demo product-search")
    .action(async (example: string) => {
      const names = (await readdir(examplesFolder)).filter((name) => name.endsWith(".json")).map((name) => basename(name, ".json"));
      if (!names.includes(example)) throw cliErrors.EXAMPLE_UNKNOWN({ example, examples: names.join(", ") });
      const path = join(examplesFolder, `${example}.json`);
      const { needs } = await readWorkflowFile(path);
      // Nobody can make a provider on a platform that is gone with the run.
      if (needs.includes("model") && context.env().providerBaseUrl === undefined) throw cliErrors.EXAMPLE_NEEDS_MODEL({ example });
      await runDemo(context, example, path);
    });
}

async function runDemo(context: CliContext, example: string, path: string): Promise<void> {
  const catalog = await startCatalog();
  try {
    const platform = await startOwnPlatform({
      settings: { EGRESS_ALLOW: catalog.host, LOG_LEVEL: "warn" },
      environment: throwAwayEnvironment(context.environment),
      progress: (step) => context.tell(`  · ${step} …`),
    });
    try {
      const input = example === "product-search" ? JSON.stringify({ query: "lamp", catalog_url: `http://${catalog.host}` }) : undefined;
      const { runFile } = await import("../client/run-file.ts");
      const made = await runFile({
        path,
        url: platform.graphUrl,
        input,
        isFollowed: true,
        isJson: false,
        write: (text) => context.write(text),
        tell: (text) => context.tell(text),
      });
      refuseUncompleted({ ...made, needs: undefined });
    } finally {
      await platform.stop();
    }
  } finally {
    catalog.stop();
  }
}

const products = [
  { name: "Desk lamp", price: 39 },
  { name: "Floor lamp", price: 89 },
  { name: "Kettle", price: 25 },
];

/** The shop's API that the product search asks. */
async function startCatalog(): Promise<{ host: string; stop: () => void }> {
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? "/", "http://catalog").searchParams.get("q")?.toLowerCase() ?? "";
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ products: products.filter((product) => product.name.toLowerCase().includes(query)) }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { host: `127.0.0.1:${port}`, stop: () => server.close() };
}
