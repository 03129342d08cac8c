/**
 * The config of each node type (S-49 to S-59, S-88 to S-95), in its own snake_case keys. Keys that a schema does not name are
 * dropped here and reported by validateDsl as warnings.
 */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { isPlainText } from "#shared/template/template.ts";
import * as z from "zod";
import { maxRunSeconds } from "./document.ts";
import { hasClock, instantOf } from "./zoned-time.ts";

const filledText = z.string().min(1);
const seconds = z.number().positive().max(86_400);
const json = z.custom<Json>((value) => value !== undefined, "it is missing");

/** As many as the model subgraph takes of either. */
const tokens = z.int().min(1).max(10_000_000);

/** A seed, as GraphQL has whole numbers. */
export const seed = z.int().min(-2_147_483_648).max(2_147_483_647);

/** An object, or before rendering a template that gives one. */
const object = z.custom<JsonObject>(
  (value) => isJsonObject(value) || (typeof value === "string" && !isPlainText(value)),
  "expected an object, or a template that gives one",
);

const isName = (key: string): boolean => /^[\p{L}_][\p{L}\p{N}_-]{0,127}$/u.test(key);

/** Names of values in the run's state: letters of any script, digits, `_` and `-`; with `loop.` before them, of variables of the loop around. */
const stateKey = z
  .string()
  .refine((key) => isName(key.replace(/^loop\./, "")), 'a state key is a name such as "lead_score", or "loop.tries"');

/** Names of a loop's variables. */
const variableKey = z.string().refine(isName, 'a variable has a name such as "tries"');

// A check of its own: zod's records silently drop this key.
const withoutProto = z.custom<JsonObject>(
  (value) => !isJsonObject(value) || !Object.hasOwn(value, "__proto__"),
  "a state key cannot be __proto__",
);

/** Before rendering a text, which may be a template of a list. */
const toolCalls = z.custom<Json[] | string>(
  (value) => Array.isArray(value) || (typeof value === "string" && !isPlainText(value)),
  "expected a list of { id, name, arguments }, or a template that gives one",
);

const contentPart = z.custom<JsonObject>(
  (value) => isJsonObject(value) && typeof value["type"] === "string" && value["type"] !== "",
  'expected a part such as { "type": "text", "text": … }',
);

const message = z
  .object({
    role: z.enum(["system", "user", "assistant", "tool"]),
    /** A text, or parts as OpenAI has them. */
    content: z.union([z.string(), z.array(contentPart).min(1)], "expected a text, or a list of parts such as { type, text }").optional(),
    name: filledText.optional(),
    /** tool: the call that it answers. */
    tool_call_id: z.string().optional(),
    /** assistant: the calls that it made. */
    tool_calls: toolCalls.optional(),
  })
  .superRefine(({ role, content, tool_call_id, tool_calls }, context) => {
    const refuse = (key: string, message: string) => context.addIssue({ code: "custom", path: [key], message });
    if (role === "tool" && !tool_call_id) refuse("tool_call_id", "a message of role tool says which call it answers");
    if (content === undefined && !(role === "assistant" && tool_calls !== undefined)) refuse("content", "it is missing");
  });

/** `llm`: a chat completion (S-56). Sent: `system_prompt`, then `messages`, then `prompt`. */
export const llmConfig = z
  .object({
    /** The provider's default when left out. */
    model: filledText.optional(),
    provider_code: filledText.optional(),
    system_prompt: z.string().optional(),
    prompt: z.string().optional(),
    messages: z.array(message).min(1).optional(),
    temperature: z.number().min(0).max(2).optional(),
    top_p: z.number().min(0).max(1).optional(),
    max_tokens: tokens.optional(),
    /** The same for models that count their thoughts with it; sent instead of max_tokens. */
    max_completion_tokens: tokens.optional(),
    seed: seed.optional(),
    /** In the provider's words, such as low, medium, high. */
    reasoning_effort: filledText.optional(),
    stop: z.array(z.string()).max(16).optional(),
    /** As OpenAI has it: `{ "type": "json_object" }` or `{ "type": "json_schema", "json_schema": … }`. */
    response_format: z.custom<JsonObject>(isJsonObject, "expected an object").optional(),
    /** Parameters beside these, as the provider has them. */
    extra_parameters: z.custom<JsonObject>(isJsonObject, "expected an object").optional(),
  })
  .refine(hasOneOf("prompt", "messages"), "give prompt or messages");

/** Who is asked: names as the platform of whoever answers has them, such as addresses of mail. Before rendering a text, which may be a template of a list. */
const assignees = z.custom<string[] | string>(
  (value) =>
    (Array.isArray(value) && value.length <= 50 && value.every((one) => typeof one === "string" && one !== "" && one.length <= 200)) ||
    (typeof value === "string" && !isPlainText(value)),
  "expected a list of at most 50 names of 1 to 200 characters, or a template that gives one",
);

/** How long a person or a caller is waited for: up to a year. */
const waitSeconds = z.number().positive().max(maxRunSeconds);

/** `tool`: a call of an HTTP tool (S-55, S-89 to S-95). What is given here wins over the binding, that over the tool. */
export const toolConfig = z
  .object({
    tool_binding_id: filledText.optional(),
    tool_id: filledText.optional(),
    tool_version_id: filledText.optional(),
    tool_code: filledText.optional(),
    arguments: object.optional(),
    url: filledText.optional(),
    base_url: filledText.optional(),
    path: z.string().optional(),
    method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]).optional(),
    query: object.optional(),
    body: json.optional(),
    headers: object.optional(),
    timeout_seconds: seconds.optional(),
    /** True, or an expression over `arguments` that is: a person is asked before each call. */
    requires_approval: z.union([z.boolean(), filledText], "expected true, false, or an expression over arguments").optional(),
    /** Who is asked, and for how long; after that it is rejected. */
    assignees: assignees.optional(),
    wait_seconds: waitSeconds.optional(),
  })
  .refine(hasOneOf("tool_binding_id", "tool_id", "tool_version_id", "tool_code", "url", "base_url"), {
    message: "name the tool by tool_binding_id, tool_id or tool_code, or give a url",
  });

/** `code`: a program in the sandbox (S-58, S-59); it reads `payload` and leaves its answer in `result`, or gives it back from `main(payload)`. */
export const codeConfig = z.object({
  language: z.enum(["python", "javascript"]).default("python"),
  code: filledText,
  /** What `payload` is; an empty object when left out. */
  input_json: json.optional(),
  timeout_seconds: seconds.optional(),
});

/** `answer`: what the run says (S-49). */
export const answerConfig = z
  .object({ answer: z.string().optional(), template: z.string().optional() })
  .refine(hasOneOf("answer", "template"), "give answer, the text")
  .transform(({ answer, template }) => ({ answer: answer ?? template ?? "" }));

/** `if-else`: goes on by the route "true" or "false" (S-51). */
export const ifElseConfig = z.object({ expression: filledText });

/** Ids of cases, which are routes: written as ids of nodes are, and none of those that have a meaning of their own. */
const caseId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, "a case's id has 1 to 64 letters, digits, _ or -")
  .refine((id) => id !== "default" && id !== "error", 'a case is not called "default" or "error", which are routes of their own');

/** `switch`: goes on by the first case whose expression is true, else by the route "default". */
export const switchConfig = z.object({
  cases: z
    .array(z.strictObject({ id: caseId, expression: filledText }))
    .min(1)
    .max(100)
    .superRefine((cases, context) => {
      const first = new Map<string, number>();
      cases.forEach(({ id }, index) => {
        const earlier = first.get(id);
        if (earlier === undefined) first.set(id, index);
        else context.addIssue({ code: "custom", path: [index, "id"], message: `case ${earlier} has this id already; rename one` });
      });
    }),
});

/** `assigner`: writes to the run's state (S-50). */
export const assignerConfig = z.object({
  assignments: withoutProto.pipe(z.record(stateKey, json).refine((value) => Object.keys(value).length > 0, "give at least one assignment")),
});

/** What was exported from somewhere has null where there is nothing. */
const document = z.looseObject({
  id: z.union([z.string(), z.number()]).nullish(),
  title: z.string().nullish(),
  text: z.string().nullable(),
});

/** `knowledge-retrieval`: the documents that fit a query (S-53, S-54). */
export const knowledgeRetrievalConfig = z
  .object({
    /** Taken literally. */
    query: filledText.optional(),
    query_template: filledText.optional(),
    top_k: z.int().min(1).max(100).default(5),
    documents: z.array(document).optional(),
    /** A GET of it gives a list of documents, or `{ "documents": […] }`. */
    source_url: filledText.optional(),
  })
  .refine(hasOneOf("query", "query_template"), "give query or query_template")
  .refine(hasOneOf("documents", "source_url"), "give documents or source_url");

const memoryScopes = ["TENANT", "USER", "SESSION", "AGENT", "TEAM"] as const;

/** One of {@link memoryScopes}, or before rendering a template that gives one. */
const memoryScope = z.custom<(typeof memoryScopes)[number]>(
  (value) => typeof value === "string" && ((memoryScopes as readonly string[]).includes(value) || !isPlainText(value)),
  `expected one of ${memoryScopes.join(", ")}, or a template that gives one`,
);

/** Keys that say nothing to the other action. */
const othersKeys = { search: ["content", "metadata", "expires_at"], write: ["query"] } as const;
/** Scopes of which there are many. */
const isOfOne = (scope: string): boolean => scope !== "TENANT" && (memoryScopes as readonly string[]).includes(scope);

/** `memory`: finds what is remembered of somebody, or remembers something. */
export const memoryConfig = z
  .object({
    action: z.enum(["search", "write"]),
    /** Whose memories they are. */
    scope: memoryScope.default("TENANT"),
    /** Which user, session, agent or team; of TENANT there is one. */
    scope_id: filledText.max(200).optional(),
    /** search: only those of this type; write: its type, `fact` unless given. */
    memory_type: filledText.max(64).optional(),
    query: filledText.optional(),
    top_k: z.int().min(1).max(100).default(5),
    mode: z.enum(["AUTO", "TEXT", "VECTOR", "HYBRID"]).default("AUTO"),
    content: filledText.optional(),
    importance: z.int().min(0).max(100).default(50),
    metadata: object.optional(),
    /** An ISO time in the future; never unless given. */
    expires_at: filledText.optional(),
  })
  .superRefine((config, context) => {
    const refuse = (key: string, message: string) => context.addIssue({ code: "custom", path: [key], message });
    if (config.action === "search" && config.query === undefined) refuse("query", "action search needs the query");
    if (config.action === "write" && config.content === undefined) refuse("content", "action write needs the content");
    if (config.expires_at !== undefined && isPlainText(config.expires_at) && typeof instantOf(config.expires_at, undefined) === "string")
      refuse("expires_at", `${JSON.stringify(config.expires_at.slice(0, 80))} is no time with its offset, such as 2030-01-31T12:00:00Z`);
    if (isOfOne(config.scope) && config.scope_id === undefined)
      refuse("scope_id", `scope ${config.scope} needs the id of whose memories they are`);
    for (const key of othersKeys[config.action]) if (config[key] !== undefined) refuse(key, `action ${config.action} has no ${key}`);
  });

/** `template-transform`: text, or JSON when the template is an object, an array, or a lone expression that gives one (S-52). */
export const templateTransformConfig = z.object({
  template: z.custom<string | Json[] | JsonObject>(
    (value) => typeof value === "string" || (typeof value === "object" && value !== null),
    "expected text, an object or an array",
  ),
});

/** `http-request`: a call of a URL, with nothing of it kept elsewhere. */
export const httpRequestConfig = z.object({
  method: filledText.default("GET"),
  url: filledText,
  query: object.optional(),
  body: json.optional(),
  headers: object.optional(),
  timeout_seconds: seconds.optional(),
});

/** A way out of a form, which is a route. */
const action = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, "an action's id has 1 to 64 letters, digits, _ or -")
    .refine((id) => id !== "timeout" && id !== "error", 'an action is not called "timeout" or "error", which are routes of their own'),
  /** On its button; the id unless given. */
  label: z.string().min(1).max(100).optional(),
});

/** `human-input`: waits for a person, who fills in a form and takes an action. */
export const humanInputConfig = z
  .object({
    text: z.string().optional(),
    /** A JSON Schema of an object. */
    form: object.optional(),
    assignees: assignees.optional(),
    actions: z
      .array(action)
      .min(1)
      .max(20)
      .superRefine((actions, context) => {
        const first = new Map<string, number>();
        actions.forEach(({ id }, index) => {
          const earlier = first.get(id);
          if (earlier === undefined) first.set(id, index);
          else context.addIssue({ code: "custom", path: [index, "id"], message: `action ${earlier} has this id already; rename one` });
        });
      })
      .optional(),
    wait_seconds: waitSeconds.optional(),
  })
  .refine(hasOneOf("text", "form"), "give text, form, or both: what the person is asked");

/** `callback`: waits until a machine calls a URL; the body of that is its output. */
export const callbackConfig = z.object({
  /** For whoever looks what is waited for. */
  text: z.string().optional(),
  wait_seconds: waitSeconds.optional(),
});

/** A number, or before rendering a template that gives one. */
const numberText = z.union(
  [z.number().min(0).max(maxRunSeconds), z.string().refine((text) => !isPlainText(text))],
  `expected a number from 0 to ${maxRunSeconds}, or a template that gives one`,
);

const delayFields = z.object({
  seconds: numberText.optional(),
  /** A date and time, such as 2026-03-29T02:30 with a zone, or 2026-03-29T02:30:00+01:00. */
  until: filledText.optional(),
  /** Of a time that does not say its offset, such as Europe/Berlin. */
  zone: filledText.optional(),
});

/** A delay's time once it is rendered; what is wrong with it instantOf says. */
export const delayTimes = delayFields.pick({ until: true, zone: true });

/** `delay`: waits for so long, or until a time. */
export const delayConfig = delayFields.refine(hasOneOf("seconds", "until"), "give seconds, or until").superRefine(checkFixedTime);

/** A time, or a zone, that is no template is known when the document is saved. */
function checkFixedTime({ until, zone }: z.output<typeof delayTimes>, context: z.RefinementCtx): void {
  const isFixedZone = zone !== undefined && isPlainText(zone);
  if (isFixedZone && !hasClock(zone))
    return context.addIssue({ code: "custom", path: ["zone"], message: "it is no zone; give one such as Europe/Berlin" });
  if (until === undefined || !isPlainText(until)) return;
  const instant = instantOf(until, zone === undefined || isFixedZone ? zone : "UTC");
  if (typeof instant === "string") context.addIssue({ code: "custom", path: ["until"], message: `it ${instant}` });
}

/** A list, or before rendering a template that gives one. */
const list = z.custom<Json[] | string>(
  (value) => Array.isArray(value) || (typeof value === "string" && !isPlainText(value)),
  "expected a list, or a template that gives one",
);

/** A graph within a node; its nodes and edges are checked as those of the document are. */
const body = z.custom<JsonObject>(isJsonObject, "expected an object { nodes, edges }");

/** `iteration`: runs its body once for each item of a list. */
export const iterationConfig = z.object({
  items: list,
  body,
  /** What an item gives; when left out, what a run of the body would. */
  output: json.optional(),
  /** Items that are worked on side by side. */
  parallel: z.int().min(1).max(64).default(1),
  /** What becomes of the list when an item fails. */
  on_item_error: z.enum(["fail", "continue", "remove"]).default("fail"),
  /** Lists that items give become part of the list, one level deep. */
  flatten: z.boolean().default(false),
});

/** `loop`: runs its body round after round. */
export const loopConfig = z
  .object({
    body,
    /** Asked after each round: where it is true there is no other. */
    until: filledText.optional(),
    /** 100 when left out. */
    max_rounds: z.int().min(1).max(1_000).optional(),
    /** What its variables begin with. */
    variables: withoutProto.pipe(z.record(variableKey, json)).optional(),
    /** What a round gives; when left out, what a run of the body would. */
    output: json.optional(),
  })
  .refine(hasOneOf("until", "max_rounds"), "give until, which ends it, or max_rounds for so many rounds");

/** Keys of a node that may work as a run of its own: inline unless given. */
const ownRun = {
  mode: z.enum(["inline", "run"]).optional(),
  /** True: nobody waits for that run. */
  detached: z.boolean().optional(),
} as const;

const detachesRun = (config: { mode?: string | undefined; detached?: boolean | undefined }): boolean =>
  config.detached !== true || config.mode === "run";
const detachedAlone = { message: 'detached is for a run of its own: give "mode": "run" as well', path: ["detached"] };

/** `sub-workflow`: runs another workflow as a part of the run, or as a run of its own: its published version, or the one that is named. */
export const subWorkflowConfig = z
  .object({
    ...ownRun,
    workflow_id: filledText.optional(),
    workflow_version_id: filledText.optional(),
    /** What its workflow gets as its input; nothing when left out. */
    input: object.optional(),
  })
  .refine(hasOneOf("workflow_id", "workflow_version_id"), "give workflow_id, for its published version, or workflow_version_id")
  .refine(detachesRun, detachedAlone);

/** `agent`: an agent of the platform works on its input; the published version unless agent_version_id says which. */
export const agentConfig = z
  .object({
    ...ownRun,
    agent_id: filledText.optional(),
    agent_code: filledText.optional(),
    agent_version_id: filledText.optional(),
    /** What it is to do. */
    input: filledText,
    /** Shown to the model behind the input. */
    input_json: json.optional(),
    /** Whose memories it reads and writes, where its memory policy says so. */
    user_id: z.string().optional(),
    /** The session whose messages it knows. */
    session_id: z.string().optional(),
    /** The message of that session which is its input; those before it are known. All of them unless given. */
    message_id: z.string().optional(),
    team_id: z.string().optional(),
  })
  .refine(hasOneOf("agent_id", "agent_code", "agent_version_id"), "name the agent by agent_id, agent_code or agent_version_id")
  .refine(detachesRun, detachedAlone);

/** `team`: a team of the platform works on its input; the published version unless team_version_id says which. */
export const teamConfig = z
  .object({
    ...ownRun,
    team_id: filledText.optional(),
    team_code: filledText.optional(),
    team_version_id: filledText.optional(),
    /** What it is to do. */
    input: filledText,
    /** Shown to the models behind the input. */
    input_json: json.optional(),
    /** Whose memories its members read and write, where their memory policies say so. */
    user_id: z.string().optional(),
    /** The session whose messages it knows. */
    session_id: z.string().optional(),
    /** The message of that session which is its input; those before it are known. All of them unless given. */
    message_id: z.string().optional(),
  })
  .refine(hasOneOf("team_id", "team_code", "team_version_id"), "name the team by team_id, team_code or team_version_id")
  .refine(detachesRun, detachedAlone);

/** `skill`: a skill of the platform is done with its input; the published version unless skill_version_id says which. */
export const skillConfig = z
  .object({
    ...ownRun,
    skill_id: filledText.optional(),
    skill_code: filledText.optional(),
    skill_version_id: filledText.optional(),
    /** What it is given, by its parameterSchema; nothing when left out. */
    input: object.optional(),
  })
  .refine(hasOneOf("skill_id", "skill_code", "skill_version_id"), "name the skill by skill_id, skill_code or skill_version_id")
  .refine(detachesRun, detachedAlone);

/** `list`: filters, sorts and shortens a list, in this order. Expressions are asked of each `item`. */
export const listConfig = z.object({
  items: list,
  filter: filledText.optional(),
  sort: z.strictObject({ by: filledText.optional(), order: z.enum(["asc", "desc"]).default("asc") }).optional(),
  /** True: equal items; an expression: items for which it gives the same. The first of them stays. */
  unique: z.union([z.boolean(), filledText], "expected true, or an expression over item").optional(),
  first: z.int().min(1).max(100_000).optional(),
});

/** `variable-aggregator`: the first of its variables that is not null. */
export const variableAggregatorConfig = z.object({
  variables: z.array(json).min(1).max(100),
  output_type: z.enum(["string", "number", "boolean", "object", "array"]).optional(),
});

/** See {@link llmConfig}. */
export type LlmConfig = z.infer<typeof llmConfig>;

function hasOneOf(...keys: string[]): (config: object) => boolean {
  return (config) => keys.some((key) => (config as JsonObject)[key] !== undefined);
}
