/** The no-key smoke test (S-61): every sample through the graph as a user would, from app to answer message. */
import type { GraphClient } from "#codegen/client/client.ts";
import { prepareWorkflow } from "../client/prepare.ts";
import { runEventPages } from "../client/documents.ts";
import type { FollowedEvent } from "../client/run-view.ts";
import {
  answerNodeRun,
  createSession,
  createTool,
  createToolBinding,
  createToolVersion,
  dispatchRun,
  finishedRun,
  messageAdded,
} from "./documents.ts";
import { runAgentSmoke } from "./agent-samples.ts";
import { runSkillSmoke } from "./skill-samples.ts";
import type { SmokeResult } from "./smoke-result.ts";
import { runTeamSmoke } from "./team-samples.ts";
import { greeting, smokeSamples, type Sample, type SmokeRun } from "./samples.ts";

/** Runs all samples, one after another. @param local host:port of the test's HTTP server. */
export async function runSmoke(client: GraphClient, local: string, hear: (result: SmokeResult) => void): Promise<SmokeResult[]> {
  const { toolId, bindingId: toolBindingId } = await makeTool(client, local);
  const greetingVersionId = await makeGreeting(client);
  const results: SmokeResult[] = [];
  for (const sample of smokeSamples({ local, toolBindingId, greetingVersionId })) {
    const started = performance.now();
    const result = await runSample(client, sample).catch((error: unknown) => ({
      outcome: "failed" as const,
      details: [error instanceof Error ? error.message : String(error)],
    }));
    const finished = { name: sample.name, ms: Math.round(performance.now() - started), ...result };
    results.push(finished);
    hear(finished);
  }
  results.push(...(await runAgentSmoke(client, { local, toolId }, hear)));
  results.push(...(await runTeamSmoke(client, local, hear)));
  return [...results, ...(await runSkillSmoke(client, { local, toolBindingId }, hear))];
}

async function makeTool(client: GraphClient, local: string): Promise<{ toolId: string; bindingId: string }> {
  const code = `smoke-weather-${Date.now().toString(36)}`;
  const { createTool: tool } = await client.mutate(createTool, { input: { code, name: "Weather", toolType: "HTTP" } });
  const toolId = tool!.id;
  const inputSchema = { type: "object", properties: { city: { type: "string" } } };
  await client.mutate(createToolVersion, { input: { toolId, inputSchema, invokeConfig: { method: "GET", path: "/weather" } } });
  const config = { base_url: `http://${local}`, headers: { "x-client": "smoke" } };
  const { createToolBinding: binding } = await client.mutate(createToolBinding, { input: { toolId, name: "local", config } });
  return { toolId, bindingId: binding!.id };
}

/** The workflow that another runs as its sub-workflow. */
async function makeGreeting(client: GraphClient): Promise<string> {
  const prepared = await prepareWorkflow(
    client,
    { code: "smoke-greeting", name: "greeting", input: {}, dsl: greeting },
    { appCode: "smoke" },
  );
  return prepared.workflowVersionId;
}

async function runSample(client: GraphClient, sample: Sample): Promise<Pick<SmokeResult, "outcome" | "details">> {
  const code = `smoke-${sample.name.replace(/[^a-z]+/g, "-")}`;
  const prepared = await prepareWorkflow(client, { code, name: sample.name, input: {}, dsl: sample.dsl }, { appCode: "smoke" });
  const { createSession: session } = await client.mutate(createSession, { input: { appId: prepared.appId, userId: "smoke" } });
  const input = { sessionId: session!.id, workflowVersionId: prepared.workflowVersionId, input: sample.input ?? {} };
  const { dispatchRun: request } = await client.mutate(dispatchRun, { input });
  if (!request?.run) return { outcome: "failed", details: [`not dispatched: ${request?.errorMessage}`] };

  const events: FollowedEvent[] = [];
  for await (const { runEventPages: page } of client.subscribe(runEventPages, { runId: request.run.id })) {
    events.push(...(page ?? []));
    await answerWaiting(client, request.run.id, { page: page ?? [], answers: sample.answers ?? {} });
  }
  const { run } = await client.query(finishedRun, { id: request.run.id });
  if (!run) return { outcome: "failed", details: ["the run cannot be read"] };
  const nodes = Object.fromEntries(run.nodeRuns.edges.map(({ node }) => [node.path, node]));
  const hostFailure = Object.values(nodes).find(({ errorCode }) => errorCode !== null && sample.hostFailures?.includes(errorCode ?? ""));
  if (hostFailure) return { outcome: "skipped", details: [`this host: ${hostFailure.errorCode}: ${run.errorMessage ?? ""}`] };
  if (run.status !== "COMPLETED") return { outcome: "failed", details: [`the run is ${run.status}: ${run.errorCode} ${run.errorMessage}`] };

  const seen: SmokeRun = { outputText: run.outputText ?? null, state: run.state, nodes: nodes };
  const details = [
    ...(run.outputText === sample.answer ? [] : [`the answer is ${JSON.stringify(run.outputText)}, not ${JSON.stringify(sample.answer)}`]),
    ...(sample.check?.(seen) ?? []),
    ...eventProblems(events, Object.keys(nodes)),
    ...spanProblems(
      run.traceSpans.edges.map(({ node }) => node),
      Object.values(nodes).filter(({ status }) => status === "COMPLETED").length,
    ),
    ...(sample.name === "artifact" && run.artifacts.edges.length === 0 ? ["the long output has no artifact"] : []),
    ...(await messageProblems(client, session!.id, request.run.id, sample.answer)),
  ];
  return { outcome: details.length === 0 ? "passed" : "failed", details };
}

/** Answers what waits for somebody, as a person would. */
async function answerWaiting(
  client: GraphClient,
  runId: string,
  { page, answers }: { page: readonly FollowedEvent[]; answers: NonNullable<Sample["answers"]> },
): Promise<void> {
  for (const { path, nodeStatus } of page) {
    const input = nodeStatus === "WAITING" ? answers[path ?? ""] : undefined;
    if (input === undefined) continue;
    // Once: a call that was approved of waits for a moment too.
    delete answers[path ?? ""];
    await client.mutate(answerNodeRun, { id: `${runId}:${path}`, input });
  }
}

function eventProblems(events: FollowedEvent[], paths: string[]): string[] {
  const last = events.at(-1);
  const told = new Set(events.filter(({ type }) => type === "NODE_STATUS").map(({ path }) => path));
  return [
    ...(last?.type === "RUN_STATUS" && last.runStatus === "COMPLETED" ? [] : ["the stream did not end with the run's end"]),
    ...paths.filter((path) => !told.has(path)).map((path) => `no event told of node ${path}`),
  ];
}

function spanProblems(
  spans: { spanType: string; traceId: string; spanId: string; parentSpanId: string | null }[],
  completedNodes: number,
): string[] {
  const ids = new Set(spans.map((span) => span.spanId));
  const nodeSpans = spans.filter((span) => span.spanType === "NODE");
  return [
    ...(new Set(spans.map((span) => span.traceId)).size === 1 ? [] : ["the spans are of several traces"]),
    ...(spans.some((span) => span.spanType === "RUN") ? [] : ["the run has no span"]),
    ...(nodeSpans.length >= completedNodes ? [] : [`${nodeSpans.length} node spans for ${completedNodes} completed nodes`]),
    ...nodeSpans.filter((span) => !ids.has(span.parentSpanId ?? "")).map((span) => `span ${span.spanId} has no parent in the run`),
  ];
}

/** The answer message comes soon after the run's end; the stream gives up after a minute. */
async function messageProblems(client: GraphClient, sessionId: string, runId: string, answer: string): Promise<string[]> {
  const signal = AbortSignal.timeout(60_000);
  for await (const { messageAdded: added } of client.subscribe(messageAdded, { sessionId }, { signal })) {
    if (added.message.role !== "ASSISTANT") continue;
    if (added.message.run?.id !== runId) return ["the answer message is of another run"];
    return added.message.content === answer ? [] : [`the answer message is ${JSON.stringify(added.message.content)}`];
  }
  return ["no answer message came within a minute"];
}
