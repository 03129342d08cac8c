/**
 * The limit of every text, number, list and JSON value that the graph takes: what is just within it is taken, what is beyond it is refused with
 * the field, the value or its size, and the limit. What an input has no limit of its own for is excused here by name.
 */
import { readFileSync } from "node:fs";
import { buildSchema, getNamedType, getNullableType, isInputObjectType, isListType, type GraphQLInputField } from "graphql";
import type { Json } from "#shared/json.ts";
import { makeOneOfEach, type OneOfEach } from "../testkit/one-of-each.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { filesOf } from "../testkit/skills.ts";

let platform: TestPlatform;
let own: OneOfEach;
beforeAll(async () => {
  platform = await startTestPlatform();
  own = await makeOneOfEach(platform, "t1");
});
afterAll(() => platform.stop());

type Values = Record<string, unknown>;
type Refusal = Values | undefined;
/** Values of a field, and how each is refused; undefined: it is taken. */
type Tries = [what: string, value: unknown, refusal?: Refusal][];

const kib = 1_024;
const emoji = "🦄";
const rightToLeft = "שלום ‏עולם";

/** A text of up to `max` characters, of `min` at least. */
function text(field: string, max: number, min = 0): Tries {
  const short = (value: string) => (min === 0 ? undefined : { reason: "TEXT_TOO_SHORT", field, value, min });
  return [
    ["as long as may be", "x".repeat(max)],
    ["of emojis, as many as may be", emoji.repeat(max)],
    ["from right to left", rightToLeft],
    ["empty", "", short("")],
    ["blank", " \t\n", short(" \t\n")],
    ["too long", "x".repeat(max + 1), { reason: "TEXT_TOO_LONG", field, length: max + 1, max }],
    ["of too many emojis", emoji.repeat(max + 1), { reason: "TEXT_TOO_LONG", field, length: max + 1, max }],
  ];
}

/** A code, or another word of few letters. */
function word(field: string, reason: string, good: string): Tries {
  const bad = ["", " ", "a b", "ä", emoji, rightToLeft, "x".repeat(65), "a/b"];
  return [["good", good], ...bad.map((value): Tries[number] => [JSON.stringify(value), value, { reason, field, value }])];
}

function range(field: string, min: number, max: number, reason = "NUMBER_OUT_OF_RANGE"): Tries {
  const refusal = (value: number) => ({ reason, field, value, ...(reason === "NUMBER_OUT_OF_RANGE" && { min, max }) });
  return [
    ["the least", min],
    ["the most", max],
    ["below", min - 1, refusal(min - 1)],
    ["above", max + 1, refusal(max + 1)],
    ["no number that there is", 1e308, { reason: "GRAPHQL_INVALID" }],
  ];
}

/** A JSON value of limited size, around what it must hold. */
/** @param within  the only key of it that may hold anything */
function json(field: string, max: number, base: Record<string, Json> = {}, within?: string): Tries {
  const whole = (more: Record<string, Json>) => (within === undefined ? { ...base, ...more } : { [within]: more });
  const sized = (bytes: number) => whole({ x: "y".repeat(bytes - Buffer.byteLength(JSON.stringify(whole({ x: "" })))) });
  return [
    ["as large as may be", sized(max)],
    ["odd, but JSON", whole({ "": [1e308, -0, null, { [emoji]: rightToLeft }], __proto__x: 1 })],
    ["nested 200 deep", whole({ x: nested(200) })],
    ["too large", sized(max + 1), { reason: "JSON_TOO_LARGE", field, bytes: max + 1, max }],
    ["large in bytes, not in characters", whole({ x: emoji.repeat(max / 4) }), { reason: "JSON_TOO_LARGE", field, max }],
    ["nested too deep", whole({ x: nested(600) }), { reason: "NESTED_TOO_DEEP", limit: 512 }],
  ];
}

function nested(depth: number): Json {
  let value: Json = 0;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

const name = () => text("name", 200, 1);
const description = () => text("description", 5_000);
const code = () => word("code", "CODE_INVALID", "a".repeat(64));

interface Subject {
  /** Fields that every try has; a code is made for each. */
  base: (own: OneOfEach) => Values;
  /** What the mutation's `id` names, where it has one. */
  id?: string;
  fields: Record<string, Tries>;
}

const member = (agentId: string, more: Values = {}) => ({ memberKey: "one", agentId, role: "planner", ...more });
const said = { role: "USER", content: "Hello" };

const subjects: Record<string, Subject> = {
  createApp: { base: () => ({ code: "", name: "A" }), fields: { code: code(), name: name(), description: description() } },
  updateApp: { base: () => ({}), id: "app", fields: { name: name(), description: description() } },
  createAppVersion: {
    base: ({ app, workflowVersion }) => ({ appId: app, workflowVersionId: workflowVersion }),
    fields: { config: json("config", 64 * kib) },
  },
  createWorkflow: {
    base: ({ app }) => ({ appId: app, code: "", name: "A" }),
    fields: { code: code(), name: name(), description: description() },
  },
  updateWorkflow: { base: () => ({}), id: "workflow", fields: { name: name(), description: description() } },
  createAgent: {
    base: () => ({ code: "", name: "A" }),
    fields: { code: code(), name: name(), description: description(), agentType: text("agentType", 64, 1) },
  },
  updateAgent: { base: () => ({}), id: "agent", fields: { name: name(), description: description() } },
  createAgentVersion: {
    base: ({ agent }) => ({ agentId: agent, role: "helper" }),
    fields: {
      role: text("role", 2_000, 1),
      goal: text("goal", 10_000),
      systemPrompt: text("systemPrompt", 100_000),
      model: text("model", 200, 1),
      maxSteps: range("maxSteps", 1, 500),
      modelConfig: json("modelConfig", 64 * kib, {}, "extraParameters"),
      toolBindingIds: [["too many", ids(129), { reason: "TOO_MANY_REFERENCES", field: "toolBindingIds", count: 129, max: 128 }]],
      skillIds: [["too many", ids(129), { reason: "TOO_MANY_REFERENCES", field: "skillIds", count: 129, max: 128 }]],
      memoryPolicy: [
        ...range("memoryPolicy.readTopK", 0, 50).map(([what, readTopK, refusal]): Tries[number] => [what, { readTopK }, refusal]),
        ...json("memoryPolicy.config", 16 * kib).map(([what, config, refusal]): Tries[number] => [what, { config }, refusal]),
        ...[-1, 101, 1.5, "60", null].map((score): Tries[number] => [
          `a score of ${JSON.stringify(score)}`,
          { config: { write_importance_score: score } },
          {
            ...{ reason: "IMPORTANCE_SCORE_INVALID", field: "memoryPolicy.config.write_importance_score" },
            ...{ value: JSON.stringify(score), min: 0, max: 100 },
          },
        ]),
      ],
    },
  },
  createTeam: {
    base: () => ({ code: "", name: "A" }),
    fields: { code: code(), name: name(), description: description(), teamType: text("teamType", 64, 1) },
  },
  updateTeam: { base: () => ({}), id: "team", fields: { name: name(), description: description() } },
  createTeamVersion: {
    base: ({ team, agent }) => ({ teamId: team, coordinationMode: "PARALLEL", objective: "o", members: [member(agent ?? "")] }),
    fields: {
      objective: text("objective", 10_000, 1),
      config: json("config", 64 * kib),
      members: [
        ["none", [], { reason: "MEMBER_COUNT_INVALID", field: "members", count: 0, min: 1, max: 50 }],
        [
          "too many",
          Array.from({ length: 51 }, (_, index) => member("agent", { memberKey: `m${index}` })),
          { reason: "MEMBER_COUNT_INVALID", field: "members", count: 51, min: 1, max: 50 },
        ],
        ...refusedOnly(word("members[0].memberKey", "MEMBER_KEY_INVALID", "one"), (memberKey) => [member("agent", { memberKey })]),
        ...refusedOnly(text("members[0].role", 200, 1), (role) => [member("agent", { role })]),
        ...refusedOnly(text("members[0].responsibility", 5_000), (responsibility) => [member("agent", { responsibility })]),
      ],
    },
  },
  createSkill: {
    base: () => ({ code: "", name: "A" }),
    fields: { code: code(), name: name(), description: description(), skillType: text("skillType", 64, 1) },
  },
  updateSkill: { base: () => ({}), id: "skill", fields: { name: name(), description: description() } },
  createSkillVersion: {
    base: ({ skill }) => ({ skillId: skill, runtimeType: "TEMPLATE", implementation: { template: "Hello" } }),
    fields: {
      parameterSchema: json("parameterSchema", 64 * kib),
      outputSchema: json("outputSchema", 64 * kib),
      implementation: json("implementation", 256 * kib, { template: "Hello" }),
    },
  },
  importSkill: {
    base: ({ skill }) => ({ skillId: skill, files: filesOf({ "SKILL.md": "---\nname: x\ndescription: x\n---\n" }) }),
    fields: { idempotencyKey: idempotencyKey() },
  },
  installSkill: {
    base: ({ skill }) => ({ skillId: skill, installScope: "USER", scopeId: "u" }),
    fields: { scopeId: text("scopeId", 200, 1), installedBy: text("installedBy", 200) },
  },
  createTool: {
    base: () => ({ code: "", name: "A", toolType: "HTTP" }),
    fields: { code: code(), name: name(), description: description() },
  },
  updateTool: { base: () => ({}), id: "tool", fields: { name: name(), description: description() } },
  createToolVersion: {
    base: ({ tool }) => ({ toolId: tool, invokeConfig: { url: "http://127.0.0.1:9/" } }),
    fields: {
      inputSchema: json("inputSchema", 64 * kib),
      outputSchema: json("outputSchema", 64 * kib),
      invokeConfig: json("invokeConfig", 64 * kib, { url: "http://127.0.0.1:9/" }),
    },
  },
  createToolBinding: {
    base: ({ tool }) => ({ toolId: tool, name: "A" }),
    fields: {
      name: name(),
      config: json("config", 64 * kib),
      secretHeaders: [
        ["too large", { a: "x".repeat(64 * kib) }, { reason: "JSON_TOO_LARGE", field: "secretHeaders", max: 64 * kib }],
        ["no text", { a: 1 }, { reason: "TOOL_CONFIG_INVALID", field: "secretHeaders.a" }],
      ],
    },
  },
  updateToolBinding: {
    base: () => ({}),
    id: "toolBinding",
    fields: {
      name: name(),
      config: json("config", 64 * kib),
      secretHeaders: [["too large", { a: "x".repeat(64 * kib) }, { reason: "JSON_TOO_LARGE", field: "secretHeaders", max: 64 * kib }]],
    },
  },
  createModelProvider: {
    base: () => ({ code: "", name: "A", baseUrl: "http://127.0.0.1:9/v1" }),
    fields: {
      code: code(),
      name: name(),
      baseUrl: [
        ["empty", "", { reason: "MODEL_PROVIDER_INVALID", field: "baseUrl" }],
        ["too long", `http://h/${"x".repeat(2_048)}`, { reason: "MODEL_PROVIDER_INVALID", field: "baseUrl" }],
        ["of another protocol", "ftp://h", { reason: "MODEL_PROVIDER_INVALID", field: "baseUrl" }],
      ],
      apiKey: [
        ["as long as may be", "x".repeat(4_096)],
        ["too long", "x".repeat(4_097), { reason: "MODEL_PROVIDER_INVALID", field: "apiKey" }],
        ["with a space", "a b", { reason: "MODEL_PROVIDER_INVALID", field: "apiKey" }],
        ["an emoji", emoji, { reason: "MODEL_PROVIDER_INVALID", field: "apiKey" }],
      ],
      defaultModel: text("defaultModel", 200),
      embeddingModel: text("embeddingModel", 200),
      ...providerSettings(),
    },
  },
  updateModelProvider: {
    base: () => ({}),
    id: "modelProvider",
    fields: {
      name: name(),
      baseUrl: [["too long", `http://h/${"x".repeat(2_048)}`, { reason: "MODEL_PROVIDER_INVALID", field: "baseUrl" }]],
      apiKey: [["too long", "x".repeat(4_097), { reason: "MODEL_PROVIDER_INVALID", field: "apiKey" }]],
      defaultModel: text("defaultModel", 200),
      embeddingModel: text("embeddingModel", 200),
      ...providerSettings(),
    },
  },
  chatCompletion: {
    // No provider has this code: whatever is taken is refused by name, and nobody is called.
    base: () => ({ providerCode: "nobody", messages: [said] }),
    fields: {
      messages: modelInput("messages", [], { value: 0 }).concat(
        modelInput(
          "messages",
          Array.from({ length: 1_001 }, () => said),
          { value: 1_001 },
        ),
        [["too large", [{ ...said, content: "x".repeat(4 * kib * kib - 2_000) }], { reason: "MODEL_PROVIDER_NOT_FOUND" }]],
      ),
      tools: modelInput(
        "tools",
        Array.from({ length: 129 }, () => ({ name: "t", parameters: {} })),
        { value: 129 },
      ).concat(modelInput("tools[0].name", [{ name: "a b", parameters: {} }], { value: "a b" })),
      stop: modelInput("stop", Array(17).fill("."), { value: 17 }),
      temperature: modelInput("temperature", 1e308, { value: 1e308 }).concat(modelInput("temperature", -0.1, { value: -0.1 })),
      topP: modelInput("topP", 1.1, { value: 1.1 }),
      maxTokens: modelInput("maxTokens", 0, { value: 0 }).concat(modelInput("maxTokens", 10_000_001, { value: 10_000_001 })),
      maxCompletionTokens: [0, 10_000_001].flatMap((value) => modelInput("maxCompletionTokens", value, { value })),
      seed: modelInput("seed", 1.5, {}),
      timeoutSeconds: [0, 86_401].flatMap((seconds) => modelInput("timeoutSeconds", seconds, {})),
      extraParameters: modelInput("extraParameters.model", { model: "m" }, {}).concat([
        ["too large", { x: "y".repeat(16 * kib) }, { reason: "JSON_TOO_LARGE", field: "extraParameters" }],
      ]),
      idempotencyKey: ["", "x".repeat(256), emoji].flatMap((key) => modelInput("idempotencyKey", key, {})),
    },
  },
  createEmbeddings: {
    base: () => ({ providerCode: "nobody", input: ["a"] }),
    fields: {
      input: modelInput("input", [], { value: 0 }).concat(
        modelInput("input", Array(2_049).fill("a"), { value: 2_049 }),
        modelInput("input[1]", ["a", ""], { value: "" }),
      ),
      idempotencyKey: ["", "x".repeat(256), emoji].flatMap((key) => modelInput("idempotencyKey", key, {})),
    },
  },
  createMemory: {
    base: () => ({ scopeType: "USER", scopeId: "u", contentText: "tea" }),
    fields: {
      scopeId: text("scopeId", 200, 1),
      memoryType: text("memoryType", 64, 1),
      contentText: content(),
      metadata: json("metadata", 16 * kib),
      importanceScore: range("importanceScore", 0, 100),
      idempotencyKey: idempotencyKey(),
    },
  },
  updateMemory: {
    base: () => ({}),
    id: "memory",
    fields: {
      memoryType: text("memoryType", 64, 1),
      contentText: content(),
      metadata: json("metadata", 16 * kib),
      importanceScore: range("importanceScore", 0, 100),
    },
  },
  createSession: {
    base: ({ app }) => ({ appId: app, userId: "u" }),
    fields: {
      userId: text("userId", 200, 1),
      channelType: text("channelType", 64, 1),
      title: text("title", 200),
      idempotencyKey: idempotencyKey(),
    },
  },
  updateSession: { base: () => ({}), id: "session", fields: { title: text("title", 200) } },
  addMessage: {
    base: ({ session }) => ({ sessionId: session, content: "Hello" }),
    fields: {
      content: text("content", 256 * kib, 1),
      contentJson: json("contentJson", 256 * kib),
      idempotencyKey: idempotencyKey(),
    },
  },
  createRunRequest: {
    base: ({ session }) => ({ sessionId: session }),
    fields: {
      input: json("input", 256 * kib),
      message: [
        ["as long as the input may be", "x".repeat(256 * kib - '{"query":""}'.length)],
        ["longer than the input may be", "x".repeat(256 * kib), { reason: "JSON_TOO_LARGE", field: "input", max: 256 * kib }],
        ["too long", "x".repeat(256 * kib + 1), { reason: "TEXT_TOO_LONG", field: "message", max: 256 * kib }],
        ["blank", " ", { reason: "TEXT_TOO_SHORT", field: "message" }],
      ],
      idempotencyKey: idempotencyKey(),
    },
  },
  createRun: {
    base: ({ workflow }) => ({ workflowId: workflow, execution: "MANUAL" }),
    fields: { input: json("input", 256 * kib), priority: range("priority", -100, 100), idempotencyKey: idempotencyKey() },
  },
  executeNextNodeRun: {
    base: () => ({ workerKey: "w" }),
    fields: { workerKey: text("workerKey", 200, 1), leaseSeconds: range("leaseSeconds", 1, 3_600) },
  },
  executeRun: {
    base: () => ({ workerKey: "w" }),
    id: "run",
    fields: { workerKey: text("workerKey", 200, 1), maxSteps: range("maxSteps", 1, 10_000) },
  },
  createAgentRun: {
    base: ({ agent }) => ({ agentId: agent, inputText: "Hello", execution: "MANUAL" }),
    fields: {
      inputText: text("inputText", 250_000, 1),
      inputJson: json("inputJson", 256 * kib),
      userId: text("userId", 200, 1),
      // Others than those of createRun: the keys of all runs are one room.
      idempotencyKey: idempotencyKey("a", "🦊"),
    },
  },
  executeAgentRun: {
    // Of a run that is no agent's: what is taken is refused for that.
    base: () => ({ workerKey: "w" }),
    id: "run",
    fields: { workerKey: text("workerKey", 200, 1).map(orNoAgentRun) },
  },
  executeNextAgentRun: {
    base: () => ({ workerKey: "w", dryRun: true }),
    fields: { workerKey: text("workerKey", 200, 1), leaseSeconds: range("leaseSeconds", 1, 3_600) },
  },
  createSchedule: {
    base: ({ workflow }) => ({ name: "A", workflowId: workflow, cron: "@yearly" }),
    fields: { name: name(), input: json("input", 64 * kib), cron: cron(), zone: zone() },
  },
  updateSchedule: {
    base: () => ({}),
    id: "schedule",
    fields: { name: name(), input: json("input", 64 * kib), cron: cron(), zone: zone() },
  },
  createWebhook: {
    base: ({ workflow }) => ({ name: "A", workflowId: workflow }),
    fields: { name: name(), answerSeconds: range("answerSeconds", 1, 30), ...shownHeaders(), deliveryHeader: header("deliveryHeader") },
  },
  updateWebhook: {
    base: () => ({}),
    id: "webhook",
    fields: { name: name(), answerSeconds: range("answerSeconds", 1, 30), ...shownHeaders() },
  },
  createTeamRun: {
    base: ({ team }) => ({ teamId: team, inputText: "Hello", execution: "MANUAL" }),
    fields: {
      inputText: text("inputText", 250_000, 1),
      inputJson: json("inputJson", 256 * kib),
      userId: text("userId", 200, 1),
      idempotencyKey: idempotencyKey("t", "🐢"),
    },
  },
  executeTeamRun: {
    // Of a run that is no team's, as that of an agent's above.
    base: () => ({ workerKey: "w" }),
    id: "run",
    fields: { workerKey: text("workerKey", 200, 1).map(orNoTeamRun) },
  },
  executeNextTeamRun: {
    base: () => ({ workerKey: "w", dryRun: true }),
    fields: { workerKey: text("workerKey", 200, 1), leaseSeconds: range("leaseSeconds", 1, 3_600) },
  },
  createSkillRun: {
    base: ({ skill }) => ({ skillId: skill, input: {}, execution: "MANUAL" }),
    fields: { idempotencyKey: idempotencyKey("s", "🐊") },
  },
  executeSkillRun: {
    // Of a run that is no skill's, as that of an agent's above.
    base: () => ({ workerKey: "w" }),
    id: "run",
    fields: { workerKey: text("workerKey", 200, 1).map(orNoSkillRun) },
  },
  executeNextSkillRun: {
    base: () => ({ workerKey: "w", dryRun: true }),
    fields: { workerKey: text("workerKey", 200, 1), leaseSeconds: range("leaseSeconds", 1, 3_600) },
  },
  resumeNodeRun: {
    // Of a node run that has finished: what is taken is refused for that.
    base: () => ({ decision: "APPROVE" }),
    id: "nodeRun",
    fields: {
      reason: text("reason", 1_000).map(orAnswered),
      arguments: json("arguments", 64 * kib).map(orAnswered),
    },
  },
  updateNodeRunStatus: {
    // Of a run that has finished: what is taken is refused for that.
    base: () => ({ status: "FAILED" }),
    id: "nodeRun",
    fields: {
      workerKey: text("workerKey", 200, 1).map(orFinished),
      errorCode: text("errorCode", 100, 1).map(orFinished),
      errorMessage: text("errorMessage", 10_000).map(orFinished),
    },
  },
};

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `id-${index}`);
}

/** Of tries of an inner field those that are refused, within the value of the outer field. */
function refusedOnly(tries: Tries, wrap: (value: unknown) => unknown): Tries {
  return tries.flatMap(([what, value, refusal]) => (refusal === undefined ? [] : [[what, wrap(value), refusal] as Tries[number]]));
}

function providerSettings(): Record<string, Tries> {
  const refused = (field: string) => ({ reason: "MODEL_PROVIDER_INVALID", field });
  const many = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`x-${index}`, "1"]));
  return {
    apiKeyHeader: [["with a space", "api key", refused("apiKeyHeader")]],
    headers: [
      ["too many", many, refused("headers")],
      ["the platform's own", { accept: "text/html" }, refused("headers")],
      ["of a list", { "x-a": ["b"] }, refused("headers.x-a")],
    ],
    query: [
      ["too many", many, refused("query")],
      ["a credential", { api_key: "k" }, refused("query.api_key")],
    ],
    omitParameters: [
      ["too many", Object.keys(many), refused("omitParameters")],
      ["no name", ["a b"], refused("omitParameters[0]")],
      ["the question", ["messages"], refused("omitParameters[0]")],
    ],
    extraParameters: [["the platform's own", { stream: false }, refused("extraParameters.stream")]],
    fallbackProviderCode: [["nobody", "none-such", { reason: "MODEL_PROVIDER_NOT_FOUND", field: "fallbackProviderCode" }]],
    prices: [
      ["a text", { m: { prompt: "2", completion: 1 } }, refused("prices.m.prompt")],
      ["below 0", { m: { prompt: 2, completion: -1 } }, refused("prices.m.completion")],
      ["no prices", { m: 3 }, refused("prices.m")],
      [
        "too many",
        Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`m${index}`, { prompt: 1, completion: 1 }])),
        refused("prices"),
      ],
    ],
    firstByteTimeoutSeconds: [0, 86_401].map((seconds): Tries[number] => [String(seconds), seconds, refused("firstByteTimeoutSeconds")]),
  };
}

function cron(): Tries {
  return [
    ["as long as may be", `0 0 ${Array.from({ length: 96 }, () => 1).join(",")} * *`],
    ["blank", " ", { reason: "TEXT_TOO_SHORT", field: "cron" }],
    ["too long", `0 0 ${Array.from({ length: 97 }, () => 1).join(",")} * *`, { reason: "TEXT_TOO_LONG", field: "cron", max: 200 }],
    ["no expression", emoji, { reason: "CRON_INVALID", field: "cron", value: emoji }],
  ];
}

function zone(): Tries {
  return ["", " ", "x".repeat(1_000), rightToLeft].map((value): Tries[number] => [
    "no zone",
    value,
    { reason: "ZONE_UNKNOWN", field: "zone" },
  ]);
}

function header(field: string): Tries {
  const bad = ["", "a b", emoji, "x".repeat(101)];
  return [["good", "X-Id"], ...bad.map((value): Tries[number] => [JSON.stringify(value), value, { reason: "HEADER_NAME_INVALID", field }])];
}

function shownHeaders(): Record<string, Tries> {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `x-${index}`);
  return {
    headers: [
      ["as many as may be", many(20)],
      ["too many", many(21), { reason: "LIST_TOO_LONG", field: "headers", length: 21, max: 20 }],
      ["a credential", ["X-Api-Key"], { reason: "HEADER_IS_CREDENTIAL", field: "headers" }],
    ],
  };
}

function modelInput(field: string, value: unknown, facts: Values): Tries {
  return [[JSON.stringify(value).slice(0, 40), value, { reason: "MODEL_INPUT_INVALID", field, ...facts }]];
}

function content(): Tries {
  return [
    ["as large as may be", "x".repeat(100_000)],
    ["blank", " ", { reason: "TEXT_TOO_SHORT", field: "contentText" }],
    ["too large", "x".repeat(100_001), { reason: "CONTENT_TOO_LARGE", field: "contentText", bytes: 100_001, max: 100_000 }],
    ["of too many emojis", emoji.repeat(25_001), { reason: "CONTENT_TOO_LARGE", field: "contentText", bytes: 100_004, max: 100_000 }],
  ];
}

function idempotencyKey(letter = "k", picture = emoji): Tries {
  const refusal = (length: number) => ({ reason: "IDEMPOTENCY_KEY_INVALID", field: "idempotencyKey", length, max: 200 });
  return [
    ["as long as may be", letter.repeat(200)],
    ["of emojis", picture.repeat(200)],
    ["empty", "", refusal(0)],
    ["too long", letter.repeat(201), refusal(201)],
  ];
}

function orAnswered([what, value, refusal]: Tries[number]): Tries[number] {
  return [what, value, refusal ?? { code: "CONFLICT", reason: "NODE_RUN_NOT_WAITING" }];
}

function orNoAgentRun([what, value, refusal]: Tries[number]): Tries[number] {
  return [what, value, refusal ?? { reason: "AGENT_RUN_NOT_FOUND" }];
}

function orNoTeamRun([what, value, refusal]: Tries[number]): Tries[number] {
  return [what, value, refusal ?? { reason: "TEAM_RUN_NOT_FOUND" }];
}

function orNoSkillRun([what, value, refusal]: Tries[number]): Tries[number] {
  return [what, value, refusal ?? { reason: "SKILL_RUN_NOT_FOUND" }];
}

function orFinished([what, value, refusal]: Tries[number]): Tries[number] {
  return [what, value, refusal ?? { code: "CONFLICT", reason: "NODE_RUN_NOT_SETTABLE" }];
}

const schema = buildSchema(readFileSync("codegen/schema.graphql", "utf8"));
const mutations = schema.getMutationType()!.getFields();
const inputOf = (mutation: string) => mutations[mutation]!.args.find((argument) => argument.name === "input")!.type;
let serial = 0;

describe("the limits of", () => {
  it.each(Object.entries(subjects))("%s", async (mutation, { base, id, fields }) => {
    const idArgument = id === undefined ? "" : `id: ${JSON.stringify(own[id])}, `;
    const selection =
      mutation.startsWith("create") && !["createEmbeddings", "createWebhook"].includes(mutation) ? "{ id }" : "{ __typename }";
    const query = `mutation ($input: ${String(inputOf(mutation))}) { made: ${mutation}(${idArgument}input: $input) ${selection} }`;
    const unexpected: unknown[] = [];
    for (const [field, tries] of Object.entries(fields)) {
      for (const [what, value, refusal] of tries) {
        const input: Values = { ...base(own), [field]: value };
        if ("code" in input && field !== "code") input["code"] = `limit-${serial++}`;
        const { errors } = await platform.post(query, { input });
        const told: Values | undefined = errors?.[0] && { ...errors[0].extensions, message: errors[0].message };
        if (!isTold(told, refusal)) unexpected.push({ field, what, told, expected: refusal });
      }
    }
    expect(unexpected).toEqual([]);
  });

  it("what an error repeats of an id: little, however long it is", async () => {
    const refused = async (id: string) => (await platform.post("mutation ($id: ID!) { cancelRun(id: $id) { id } }", { id })).errors;
    const longest = "🦄".repeat(200);
    expect(await refused(longest)).toMatchObject([{ extensions: { reason: "RUN_NOT_FOUND", id: longest } }]);
    const errors = await refused("🦄".repeat(250_000));
    expect(errors).toMatchObject([{ extensions: { reason: "TEXT_TOO_LONG", field: "id", length: 250_000, max: 200 } }]);
    expect(JSON.stringify(errors).length).toBeLessThan(3_000);
  });

  it("every input is told here, or has a reason not to be", () => {
    const named = (type: string, field: string) => `${type}.${field}`;
    const told = new Set(
      Object.entries(subjects).flatMap(([mutation, { fields }]) =>
        Object.keys(fields).map((field) => named(getNamedType(inputOf(mutation)).name, field)),
      ),
    );
    const limited = Object.values(schema.getTypeMap())
      .filter(isInputObjectType)
      .flatMap((type) => Object.values(type.getFields()).flatMap((field) => (isFree(field) ? [named(type.name, field.name)] : [])));
    expect(limited.filter((field) => !told.has(field) && !(field in excused))).toEqual([]);
    expect(Object.keys(excused).filter((field) => told.has(field) || !limited.includes(field))).toEqual([]);
  });
});

/** Texts, numbers, lists and JSON: whatever is as large as its sender likes. */
function isFree({ type }: GraphQLInputField): boolean {
  const { name } = getNamedType(type);
  return isListType(getNullableType(type)) || ["String", "Int", "Float", "JSON", "JSONObject"].includes(name);
}

const isFilter = "it only compares: tests/e2e/argument-limits.test.ts";
const inWhole = "it is within the 4 MiB of the whole input";
const asInput = "256 KiB, by the check that CreateRunInput.input has";
const excused: Record<string, string> = {
  "CreateSkillRunInput.input": asInput,
  "ImportSkillInput.zipBase64": "tests/skill/skill.test.ts has it",
  "ImportSkillInput.files": "tests/skill/skill.test.ts has it",
  "SkillFileInput.path": "tests/skill/skill.test.ts has it",
  "SkillFileInput.contentBase64": "tests/skill/skill.test.ts has it",
  "CreateRunInput.mocks": asInput,
  "ForkPatchInput.dropMocks": "tests/runtime/graph/fork.test.ts has what it refuses",
  "ForkPatchInput.input": asInput,
  "ForkPatchInput.state": asInput,
  "NodeScopeInput.input": asInput,
  "NodeScopeInput.nodes": asInput,
  "NodeScopeInput.state": asInput,
  "CreateApiKeyInput.name": "tests/security/keys.test.ts has it",
  "CreateApiKeyInput.scopes": "tests/security/keys.test.ts has them",
  "RotateApiKeyInput.overlapSeconds": "tests/security/key-life.test.ts has it",
  "CreateWorkflowVersionInput.dsl": "bad-input.test.ts has its limits",
  "SearchMemoriesInput.query": "tests/memory has the limits of a search",
  "SearchMemoriesInput.limit": "tests/memory has the limits of a search",
  "SearchMemoriesInput.scopeId": isFilter,
  "SearchMemoriesInput.memoryType": isFilter,
  "RequestAuditFilter.requestId": isFilter,
  "RequestAuditFilter.operationName": isFilter,
  "RequestAuditFilter.rootField": isFilter,
  "RequestAuditFilter.errorCode": isFilter,
  "RunFilter.status": isFilter,
  "ResumeNodeRunInput.action": "it is compared with the actions of the node: tests/e2e/people.test.ts",
  "WaitingNodeRunFilter.assignee": isFilter,
  "WaitingNodeRunFilter.reasons": isFilter,
  "CreateSecretInput.name": "tests/security/secrets.test.ts has it",
  "CreateSecretInput.value": "tests/security/secrets.test.ts has it",
  "CreateSecretInput.origins": "tests/security/secrets.test.ts has them",
  "UpdateSecretInput.value": "told as CreateSecretInput, which has the same check",
  "UpdateSecretInput.origins": "told as CreateSecretInput, which has the same check",
  "CreateWebhookInput.secret": "tests/e2e/triggers.test.ts has it",
  "WebhookSignatureInput.header": "told as deliveryHeader, which has the same check",
  "WebhookSignatureInput.timestampHeader": "told as deliveryHeader, which has the same check",
  "WebhookSignatureInput.prefix": "tests/e2e/triggers.test.ts has it",
  "WebhookSignatureInput.signedText": "tests/e2e/triggers.test.ts has it",
  "WebhookSignatureInput.toleranceSeconds": "tests/e2e/triggers.test.ts has it",
  "CancelRunsFilter.status": isFilter,
  "CancelRunsFilter.ids": "tests/runtime/graph/cancel-runs.test.ts has the limit",
  "DeleteRunsFilter.status": isFilter,
  "DeleteRunsFilter.ids": "tests/runtime/graph/delete-runs.test.ts has the limit",
  "TenantQuotaInput.queuedRuns": "tests/runtime/graph/quotas.test.ts has it",
  "TenantQuotaInput.runningRuns": "tests/runtime/graph/quotas.test.ts has it",
  "TenantQuotaInput.runsPerHour": "tests/runtime/graph/quotas.test.ts has it",
  "TenantQuotaInput.storageMib": "tests/runtime/graph/quotas.test.ts has it",
  "SendAgentInputInput.text": "tests/e2e/agents.test.ts has it",
  "SendAgentInputInput.idempotencyKey": "tests/e2e/agents.test.ts has it",
  "ModelCallerInput.callId": "tests/model/ledger.test.ts has it",
  "ChatCompletionInput.providerCode": isFilter,
  "CreateEmbeddingsInput.providerCode": isFilter,
  "ChatCompletionInput.model": inWhole,
  "ChatCompletionInput.toolChoice": inWhole,
  "ChatCompletionInput.responseFormat": inWhole,
  "ChatCompletionInput.reasoningEffort": inWhole,
  "ChatMessageInput.content": inWhole,
  "ChatMessageInput.contentParts": inWhole,
  "ChatMessageInput.name": inWhole,
  "ChatMessageInput.toolCallId": inWhole,
  "ChatMessageInput.toolCalls": inWhole,
  "ChatToolInput.name": "told as tools",
  "ChatToolInput.description": inWhole,
  "ChatToolInput.parameters": inWhole,
  "CreateEmbeddingsInput.model": inWhole,
  "MemoryPolicyInput.readTopK": "told as memoryPolicy",
  "MemoryPolicyInput.config": "told as memoryPolicy",
  "TeamMemberInput.memberKey": "told as members",
  "TeamMemberInput.role": "told as members",
  "TeamMemberInput.responsibility": "told as members",
  "InitialNodeInput.nodeId": isFilter,
  "InitialNodeInput.nodeType": isFilter,
  "ExecuteInput.workerKey": "told as ExecuteRunInput, which has the same check",
  "InvokeToolInput.arguments": "4 MiB is what a request may have",
  "InvokeToolInput.config": "4 MiB is what a request may have",
  "InvokeToolInput.idempotencyKey": "tests/tool has it",
  "ResumeNodeRunInput.outputText": "4 MiB is what a request may have",
  "ResumeNodeRunInput.outputJson": "4 MiB is what a request may have",
  "UpdateNodeRunStatusInput.outputText": "4 MiB is what a request may have",
  "UpdateNodeRunStatusInput.outputJson": "4 MiB is what a request may have",
};

function isTold(told: Values | undefined, expected: Refusal): boolean {
  // Whatever is within the limits of a call to a provider that nobody has.
  if (expected === undefined) return told === undefined || told["reason"] === "MODEL_PROVIDER_NOT_FOUND";
  return told !== undefined && Object.entries(expected).every(([key, value]) => told[key] === value);
}
