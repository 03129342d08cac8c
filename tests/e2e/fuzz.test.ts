/** The public schema, asked for nonsense: whatever is sent, an answer comes, is never INTERNAL, and tells nothing of the inside. */
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { buildSchema, type GraphQLField } from "graphql";
import { ask, finishRun, makeWorkflow, startRun } from "../testkit/graph.ts";
import { startTestPlatform, type GraphAnswer, type TestPlatform } from "../testkit/platform.ts";
import { bodyOf, operationOf, variablesOf } from "./hostile-input.ts";

const seed = Number(process.env["FUZZ_SEED"] ?? 20_261_101);
const runsEach = Number(process.env["FUZZ_RUNS"] ?? 12);

const schema = buildSchema(readFileSync("codegen/schema.graphql", "utf8"));
const rootFields = [
  ...Object.values(schema.getQueryType()!.getFields()).map((field) => ["query", field.name, field] as const),
  ...Object.values(schema.getMutationType()!.getFields()).map((field) => ["mutation", field.name, field] as const),
];

let platform: TestPlatform;
let ids: string[];
beforeAll(async () => {
  platform = await startTestPlatform({ env: { maxTimeoutSeconds: 1 } });
  ids = await makeOneOfEach();
});
afterAll(() => platform.stop());

describe("hostile arguments", () => {
  it.each(rootFields)("%s %s refuses or answers, and says nothing of the inside", async (kind, _name, field) => {
    const operation = operationOf(kind, field as GraphQLField<unknown, unknown>);
    await fc.assert(
      fc.asyncProperty(variablesOf(field as GraphQLField<unknown, unknown>, ids), async (variables) => {
        const { errors = [] } = await send(bodyOf(operation, variables));
        expect(errors.filter(({ extensions }) => extensions["code"] === "INTERNAL" || extensions["requestId"] === undefined)).toEqual([]);
        for (const { message } of errors) expect(message).not.toMatch(insideStory);
      }),
      { seed, numRuns: runsEach, endOnFailure: true },
    );
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

/** Stacks, SQL, files and addresses. */
const insideStory = new RegExp(
  [
    String.raw`\n\s+at `,
    "node_modules",
    String.raw`\.[jt]s:\d+`,
    String.raw`\b(select|insert into|update|delete from) [\s\S]*\b(from|where|values|set)\b`,
    "postgres(ql)?://",
    String.raw`\.s\.PGSQL`,
    'SQLSTATE|syntax for type|violates|relation "',
    process.cwd().replaceAll("/", String.raw`\/`),
    `${tmpdir().replaceAll("/", String.raw`\/`)}\\/agent-platform`,
  ].join("|"),
  "i",
);

async function send(body: string): Promise<Pick<GraphAnswer, "errors">> {
  const headers = { "content-type": "application/json", "x-tenant-id": "t1" };
  // One that has not come by then is a hang: whatever a request may set going is limited to seconds.
  const signal = AbortSignal.timeout(60_000);
  return (await (await fetch(platform.url, { method: "POST", headers, body, signal })).json()) as GraphAnswer;
}

async function makeOneOfEach(): Promise<string[]> {
  const dsl = {
    nodes: [
      { id: "set", type: "assigner", config: { assignments: { a: "1" } } },
      { id: "say", type: "answer", config: { answer: "{{ state.a }}" } },
    ],
    edges: [{ source: "set", target: "say" }],
  };
  const { appId, workflowId, workflowVersionId } = await makeWorkflow(platform, dsl);
  const runId = await startRun(platform, workflowId);
  await finishRun(platform, runId);
  const manualId = await startRun(platform, workflowId, {}, { execution: "MANUAL" });
  const made = await ask<Record<string, { id: string }>>(
    platform,
    `mutation ($appId: ID!) {
      session: createSession(input: { appId: $appId, userId: "u", channelType: "web" }) { id }
      tool: createTool(input: { code: "t", name: "T", toolType: HTTP }) { id }
      agent: createAgent(input: { code: "a", name: "A", agentType: "assistant" }) { id }
      team: createTeam(input: { code: "m", name: "M" }) { id }
      skill: createSkill(input: { code: "s", name: "S" }) { id }
      memory: createMemory(input: { scopeType: TENANT, memoryType: "fact", contentText: "x" }) { id }
    }`,
    { appId },
  );
  return [
    appId,
    workflowId,
    workflowVersionId,
    runId,
    `${runId}:say`,
    manualId,
    `${manualId}:set`,
    ...Object.values(made).map(({ id }) => id),
  ];
}
