/** An agent as its plan has it, read where it is executed; and what was fixed when it opened. */
import * as z from "zod";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { teamsSteps } from "../../engine/drivers/agent-plan.ts";
import { frozenSkill } from "../skill/skill-frozen.ts";

const json = z.custom<Json>((value) => value !== undefined);
const object = z.custom<JsonObject>(isJsonObject);

const frozenTool = z.object({
  name: z.string(),
  description: z.string().optional(),
  parameters: object,
  tool_binding_id: z.string(),
  tool_version_id: z.string(),
  /** Of its binding: whether a person is asked before a call, or an expression over its `arguments` that says so. */
  requires_approval: z.union([z.literal(true), z.string()]).optional(),
});

const model = z.object({
  name: z.string().optional(),
  provider_code: z.string().optional(),
  temperature: z.number().optional(),
  top_p: z.number().optional(),
  max_tokens: z.number().optional(),
  max_completion_tokens: z.number().optional(),
  seed: z.number().optional(),
  reasoning_effort: z.string().optional(),
  stop: z.array(z.string()).optional(),
  response_format: object.optional(),
  extra_parameters: object.optional(),
  timeout_seconds: z.number().optional(),
});

/** A skill that is called as a tool is. */
const offeredSkill = z.object({ name: z.string(), description: z.string().optional(), parameters: object, skill: frozenSkill });

/** Skills that are folders: what of each is told, and the functions by which their files are read and their scripts run. */
const folders = z.object({
  read: z.string(),
  /** None has scripts: undefined. */
  run: z.string().optional(),
  list: z.array(z.object({ name: z.string(), about: z.string(), code: z.string(), version_id: z.string(), implementation: object })),
});

/** A function that is offered beside the tools, which the engine itself makes something of. */
const teamFunction = z.object({ name: z.string(), description: z.string(), parameters: object });

/** What an agent is in a team. */
const membership = z.object({
  key: z.string(),
  /** What its model is told of the team. */
  note: z.string(),
  /** Of a supervisor: with it others are asked. `members`: who can be, and their places in the team. */
  ask: teamFunction.extend({ members: z.array(z.object({ key: z.string(), place: z.number() })) }).optional(),
  /** Of a member that may end the conversation: with it it does. */
  conclude: teamFunction.optional(),
  /** So often the same may be asked of the same member, until the team fails. */
  same_asks: z.number(),
});

/** What a plan holds of an agent version, with every default and limit. `v`: of this form. */
export const frozenAgent = z.object({
  v: z.literal(1),
  id: z.string(),
  version_id: z.string(),
  role: z.string(),
  goal: z.string().optional(),
  system_prompt: z.string().optional(),
  model,
  tools: z.array(frozenTool),
  skills: z.array(offeredSkill).optional(),
  folders: folders.optional(),
  /** Skills for which there was no room, or that could not be used. */
  left_out: z.array(z.object({ code: z.string(), why: z.string() })).optional(),
  team: membership.optional(),
  memory: z.object({
    enabled: z.boolean(),
    scope: z.enum(["TENANT", "USER", "SESSION", "AGENT", "TEAM"]),
    read_top_k: z.number(),
    write_enabled: z.boolean(),
    importance: z.number(),
  }),
  /** Whether the messages of its session are part of the prompt. */
  history: z.boolean(),
  limits: z.object({
    max_steps: z.number(),
    /** team: they are its team's to say. */
    steps_of: z.literal(teamsSteps).optional(),
    model_attempts: z.number(),
    model_backoff_seconds: z.number(),
    /** Tokens of all its model calls together. */
    max_total_tokens: z.number().optional(),
    /** What they may cost together, in the unit of their providers' prices. */
    max_total_price: z.number().optional(),
    /** What the model can read at once, in tokens; unless given its provider says when it is too much. */
    context_tokens: z.number().optional(),
    /** Characters of earlier messages that are part of the prompt, about four a token. */
    history_characters: z.number(),
    /** Tools that one model call may call; what is beyond is answered with an error. */
    calls: z.number(),
    /** Equal calls in a row, until the agent fails. */
    same_calls: z.number(),
    /** Characters of a tool's answer that the model sees. */
    result_characters: z.number(),
    /** Bytes of one request, as JSON; and its messages. */
    prompt_bytes: z.number().default(3_800_000),
    prompt_messages: z.number().default(1_000),
  }),
});

/** See {@link frozenAgent}. */
export type FrozenAgent = z.infer<typeof frozenAgent>;

const opening = z.object({
  input: z.string(),
  input_json: json.optional(),
  user_id: z.string().nullish(),
  session_id: z.string().nullish(),
  team_id: z.string().nullish(),
  /** The message of its session that is its input. */
  message_id: z.string().nullish(),
});

/** What an agent was given when it opened. */
export type AgentOpening = z.infer<typeof opening>;

const known = new WeakMap<JsonObject, FrozenAgent>();

/** The agent of a node run's config. @throws ZodError for a plan of another version of the platform */
export function agentOf(config: JsonObject): FrozenAgent {
  const given = config["agent"] as JsonObject;
  let agent = known.get(given);
  if (agent === undefined) known.set(given, (agent = frozenAgent.parse(given)));
  return agent;
}

const openings = new WeakMap<JsonObject, AgentOpening>();

/** What the agent was given; each of its model calls asks. */
export function openingOf({ item }: { item?: Json }): AgentOpening {
  if (!isJsonObject(item)) return opening.parse(item);
  let given = openings.get(item);
  if (given === undefined) openings.set(item, (given = opening.parse(item)));
  return given;
}
