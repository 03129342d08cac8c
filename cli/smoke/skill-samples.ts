/** Skills in the smoke test, one of each type. No key is needed: the model is ours. */
import type { GraphClient } from "#codegen/client/client.ts";
import type { CreateSkillVersionInput } from "#codegen/graph/graphql.ts";
import { createModelProvider, createSkill, importSkill, runEventPages } from "../client/documents.ts";
import { createSkillRun, createSkillVersion, finishedRun } from "./documents.ts";
import type { Conversation, Saying } from "./scripted-model.ts";
import type { SmokeResult } from "./smoke-result.ts";

const ahoy = "Say ahoy to Ada";

/** The model of the prompt; undefined: it is another's conversation. */
export function sayAhoy({ messages }: Conversation): Saying | undefined {
  return messages.some(({ content }) => content === ahoy) ? { text: "Ahoy, Ada." } : undefined;
}

interface SkillSample {
  name: string;
  /** undefined: that of a folder. */
  version?: Omit<CreateSkillVersionInput, "skillId">;
  input: Record<string, unknown>;
  /** What its run's text is. */
  text?: string;
  /** Codes of failures that are the host's. */
  hostFailures?: string[];
}

/** What they run on. */
interface SkillParts {
  providerCode: string;
  toolBindingId: string;
}

function skillSamples({ providerCode, toolBindingId }: SkillParts): SkillSample[] {
  const greeting = { implementation: { template: "Hello $name" }, outputSchema: { const: "Hello Ada" } };
  const program = { language: "python", code: "print(payload['a'] + payload['b'])\nresult = { 'sum': 3 }" };
  const prompt = { prompt: "Say ahoy to $name", provider_code: providerCode };
  const weather = { type: "object", properties: { degrees: { const: 21 } }, required: ["degrees"] };
  return [
    { name: "skill TEMPLATE", version: { runtimeType: "TEMPLATE", ...greeting }, input: { name: "Ada" }, text: "Hello Ada" },
    {
      name: "skill CODE",
      version: { runtimeType: "CODE", implementation: program, outputSchema: { properties: { sum: { const: 3 } }, required: ["sum"] } },
      input: { a: 1, b: 2 },
      text: "3\n",
      hostFailures: ["SANDBOX_UNAVAILABLE"],
    },
    {
      name: "skill HTTP",
      version: { runtimeType: "HTTP", implementation: { tool_binding_id: toolBindingId }, outputSchema: weather },
      input: { city: "Bern" },
      hostFailures: ["EGRESS_DENIED"],
    },
    {
      name: "skill PROMPT",
      version: { runtimeType: "PROMPT", implementation: prompt },
      input: { name: "Ada" },
      text: "Ahoy, Ada.",
      hostFailures: ["EGRESS_DENIED"],
    },
    { name: "skill FOLDER", input: { path: "notes.md" }, text: "Remember the milk." },
  ];
}

/** Runs them, one after the other. @param local  host:port of the test's HTTP server. */
export async function runSkillSmoke(
  client: GraphClient,
  { local, toolBindingId }: { local: string; toolBindingId: string },
  hear: (result: SmokeResult) => void,
): Promise<SmokeResult[]> {
  const providerCode = `smoke-skills-${Date.now().toString(36)}`;
  await client.mutate(createModelProvider, {
    input: { code: providerCode, name: "Smoke test of skills", baseUrl: `http://${local}/v1`, defaultModel: "scripted" },
  });
  const results: SmokeResult[] = [];
  for (const sample of skillSamples({ providerCode, toolBindingId })) {
    const started = performance.now();
    const result = await runSample(client, sample).catch((error: unknown) => ({
      outcome: "failed" as const,
      details: [error instanceof Error ? error.message : String(error)],
    }));
    results.push({ name: sample.name, ...result, ms: Math.round(performance.now() - started) });
    hear(results.at(-1)!);
  }
  return results;
}

async function runSample(client: GraphClient, sample: SkillSample): Promise<Pick<SmokeResult, "outcome" | "details">> {
  const code = `smoke-${sample.name.replace(/[^A-Za-z]+/g, "-")}-${Date.now().toString(36)}`;
  const { createSkill: skill } = await client.mutate(createSkill, { input: { code, name: sample.name } });
  const skillId = skill!.id;
  const { version, input, text, hostFailures = [] } = sample;
  if (version === undefined) await client.mutate(importSkill, { input: { skillId, files: folder(), status: "PUBLISHED" } });
  else await client.mutate(createSkillVersion, { input: { ...version, skillId, status: "PUBLISHED" } });
  const { createSkillRun: made } = await client.mutate(createSkillRun, { input: { skillId, input } });
  const events = client.subscribe(runEventPages, { runId: made!.id });
  while ((await events.next()).done !== true);
  const { run } = await client.query(finishedRun, { id: made!.id });
  if (hostFailures.includes(run?.errorCode ?? ""))
    return { outcome: "skipped", details: [`this host: ${run?.errorCode}: ${run?.errorMessage}`] };
  if (run?.status !== "COMPLETED")
    return { outcome: "failed", details: [`the run is ${run?.status}: ${run?.errorCode} ${run?.errorMessage}`] };
  if (text === undefined || run.outputText === text) return { outcome: "passed", details: [] };
  return { outcome: "failed", details: [`the text is ${JSON.stringify(run.outputText)}, not ${JSON.stringify(text)}`] };
}

function folder(): { path: string; contentBase64: string }[] {
  const files = { "SKILL.md": "---\nname: smoke\ndescription: A folder of the smoke test.\n---\n", "notes.md": "Remember the milk." };
  return Object.entries(files).map(([path, content]) => ({ path, contentBase64: Buffer.from(content).toString("base64") }));
}
