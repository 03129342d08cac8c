/** `demo agent`: the support agent of examples/, with a model and a shop of its own, so that no key is needed: its work as it happens, and what it remembers. */
import type { GraphClient } from "#codegen/client/client.ts";
import type { CliContext } from "../context.ts";
import { colours } from "../client/colours.ts";
import { agentByCode, approveNodeRun, createAgentRun, createModelProvider, runEventPages, runResult } from "../client/documents.ts";
import { refuseUncompleted } from "../client/graph-options.ts";
import { prepareAgents } from "../client/agents/prepare-agents.ts";
import { textView } from "../client/run-view.ts";
import { readWorkflowFile } from "../client/workflow-file.ts";

const agent = "support-agent";
const questions = ["My lamp of order 17 came broken. I want my money back.", "What about my refund of order 17?"];

/** Runs it on a platform that allows the shop. @param shop  host:port */
export async function demoAgent(context: CliContext, client: GraphClient, { path, shop }: { path: string; shop: string }): Promise<void> {
  const { agents } = await readWorkflowFile(path);
  await client.mutate(createModelProvider, {
    input: { code: "demo", name: "Demo", baseUrl: `http://${shop}/v1`, defaultModel: "scripted" },
  });
  await prepareAgents(client, agents, { toolsUrl: `http://${shop}`, modelConfig: { providerCode: "demo" } });
  const { agentByCode: found } = await client.query(agentByCode, { code: agent });
  for (const question of questions) {
    context.write(`\n${colours.bold(`Ada: ${question}`)}\n`);
    await answered(context, client, { agentId: found!.id, question });
  }
}

async function answered(
  context: CliContext,
  client: GraphClient,
  { agentId, question }: { agentId: string; question: string },
): Promise<void> {
  const input = { agentId, inputText: question, userId: "ada" };
  const { createAgentRun: made } = await client.mutate(createAgentRun, { input });
  const runId = made!.id;
  const view = textView((text) => context.write(text));
  const approved = new Set<string>();
  for await (const { runEventPages: page } of client.subscribe(runEventPages, { runId })) {
    for (const event of page ?? []) {
      view.event(event);
      // Once: a call that was approved of waits for a moment too.
      if (event.nodeStatus !== "WAITING" || event.path == null || approved.has(event.path)) continue;
      approved.add(event.path);
      view.pause();
      context.write(colours.yellow(`    a person is asked: agent-platform answer ${runId}:${event.path}. The demo approves.\n`));
      await client.mutate(approveNodeRun, { id: `${runId}:${event.path}` });
    }
  }
  const { run } = await client.query(runResult, { id: runId });
  refuseUncompleted({ run: run!, isFailureShown: view.end(run!) });
}
