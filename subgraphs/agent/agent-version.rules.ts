/** What a version of an agent may hold. Each check gives the value as it is stored. */
import { modelConfigKey, modelConfigKeys } from "#shared/dsl/model-config-keys.ts";
import { suggester } from "#shared/dsl/suggest.ts";
import { checkJson, checkRange, excerpt } from "#shared/fields.ts";
import type { JsonObject } from "#shared/json.ts";
import type { MemoryPolicyInput } from "./agent-version.inputs.ts";
import { agentErrors } from "./errors.ts";
import { MemoryScopeType, type MemoryPolicy } from "./memory-policy.ts";

const policyConfigBytes = 16 * 1024;
const maxReferences = 128;
const maxReadTopK = 50;
const maxImportance = 100;

/** References by id, each once, in the order given; whether they are there is asked of those who have them. @throws AppError TOO_MANY_REFERENCES */
export function checkReferences(field: string, ids: readonly string[] | null | undefined): string[] {
  const unique = [...new Set(ids ?? [])];
  if (unique.length > maxReferences) throw agentErrors.TOO_MANY_REFERENCES({ field, count: unique.length, max: maxReferences });
  return unique;
}

/** A model config whose keys the runtime knows: what it does not know would be left out in silence. @throws AppError MODEL_CONFIG_KEY_UNKNOWN */
export function checkModelConfig(config: JsonObject): JsonObject {
  const known: readonly string[] = modelConfigKeys;
  const unknown = Object.keys(config).find((key) => !known.includes(modelConfigKey(key)));
  if (unknown === undefined) return config;
  const meant = suggester(known)(unknown) ?? null;
  throw agentErrors.MODEL_CONFIG_KEY_UNKNOWN({ field: `modelConfig.${excerpt(unknown)}`, meant, known: [...known] });
}

/** A memory policy with its defaults. @throws AppError NUMBER_OUT_OF_RANGE, IMPORTANCE_SCORE_INVALID and those of checkJson */
export function checkMemoryPolicy(input: MemoryPolicyInput | null | undefined): MemoryPolicy {
  return {
    enabled: input?.enabled ?? false,
    memoryScope: input?.memoryScope ?? MemoryScopeType.SESSION,
    readTopK: checkRange("memoryPolicy.readTopK", input?.readTopK ?? 5, { min: 0, max: maxReadTopK }),
    writeEnabled: input?.writeEnabled ?? false,
    config: checkPolicyConfig(input?.config ?? {}),
  };
}

function checkPolicyConfig(config: JsonObject): JsonObject {
  const score = config["write_importance_score"];
  if (score !== undefined && !(Number.isInteger(score) && (score as number) >= 0 && (score as number) <= maxImportance)) {
    const field = "memoryPolicy.config.write_importance_score";
    throw agentErrors.IMPORTANCE_SCORE_INVALID({ field, value: excerpt(JSON.stringify(score)), min: 0, max: maxImportance });
  }
  return checkJson("memoryPolicy.config", config, policyConfigBytes);
}
