/** The modelConfig of an agent version, checked where a run freezes it. Names are those of createAgentVersion; snake_case is taken too. */
import * as z from "zod";
import { seed } from "#shared/dsl/configs.ts";
import { modelConfigKey, type modelConfigKeys } from "#shared/dsl/model-config-keys.ts";
import { excerpt } from "#shared/fields.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { checkedSchema } from "#shared/json/schema-checks.ts";
import { runtimeErrors } from "../errors.ts";

const object = z.custom<JsonObject>(isJsonObject, "give an object");
const text = z.string().min(1).max(200);

// Versions were kept with other keys before createAgentVersion refused them: these are left out. It checks both ways: no key is lacking, and none is more.
const modelConfig = z.object({
  providerCode: text.optional(),
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().min(0).max(1).optional(),
  maxTokens: z.int().min(1).max(10_000_000).optional(),
  maxCompletionTokens: z.int().min(1).max(10_000_000).optional(),
  seed: seed.optional(),
  reasoningEffort: text.optional(),
  stop: z.array(z.string()).max(16).optional(),
  responseFormat: object.optional(),
  extraParameters: object.optional(),
  timeoutSeconds: z.number().positive().max(86_400).optional(),
  /** Of all model calls of a run together. */
  maxTotalTokens: z.int().min(1).max(1_000_000_000).optional(),
  /** What they may cost together, in the unit of their providers' prices. */
  maxTotalPrice: z.number().positive().max(1_000_000_000).optional(),
  /** What the model can read at once. */
  contextTokens: z.int().min(1_000).max(100_000_000).optional(),
  /** Of the messages of a session that are part of the prompt. */
  historyTokens: z.int().min(0).max(1_000_000).optional(),
} satisfies Record<(typeof modelConfigKeys)[number], z.ZodType>);

/** See the schema: all that a version may say of its model calls. */
export type ModelConfig = z.infer<typeof modelConfig>;

/** @throws AppError AGENT_MODEL_CONFIG_INVALID and those of {@link checkedSchema} */
export async function readModelConfig(tenantId: string, versionId: string, given: JsonObject): Promise<ModelConfig> {
  const read = modelConfig.safeParse(inCamelCase(given));
  const [issue] = read.error?.issues ?? [];
  if (issue !== undefined) {
    const [name = ""] = issue.path;
    throw refused(versionId, { name: String(name), value: given[String(name)] ?? null, problem: issue.message });
  }
  const { responseFormat, ...config } = read.data as ModelConfig;
  return responseFormat === undefined ? config : { ...config, responseFormat: await formatOf(tenantId, versionId, responseFormat) };
}

/** A JSON Schema by itself stands for the format that asks for it. */
async function formatOf(tenantId: string, versionId: string, given: JsonObject): Promise<JsonObject> {
  const { type } = given;
  if (type === "text" || type === "json_object") return given;
  const isWrapped = type === "json_schema" && isJsonObject(given["json_schema"]);
  const schema = isWrapped ? (given["json_schema"] as JsonObject)["schema"] : given;
  const call = { tenantId, whenBusy: "refuse" } as const;
  const fault = isJsonObject(schema) ? await checkedSchema(call, schema) : { path: "#", problem: "it has no schema." };
  if (fault !== undefined) throw refused(versionId, { name: "responseFormat", value: given, problem: `${fault.path}: ${fault.problem}` });
  return isWrapped ? given : { type: "json_schema", json_schema: { name: "answer", schema: given } };
}

function refused(id: string, { name, value, problem }: { name: string; value: Json; problem: string }): Error {
  return runtimeErrors.AGENT_MODEL_CONFIG_INVALID({ field: `modelConfig.${name}`, id, value: excerpt(JSON.stringify(value)), problem });
}

function inCamelCase(given: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [modelConfigKey(key), value]));
}
