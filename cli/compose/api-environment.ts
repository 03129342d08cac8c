import { resolve } from "node:path";
import type { Env } from "#shared/config.ts";

/**
 * The environment of the process that router and subgraphs run in: the supervisor's own, all secrets included, but for what npm adds to say which script it
 * runs; its configuration stays, for npm brings what GraphiQL is bundled from. And the key by which the parts know each other. Databases are told when they are
 * there.
 */
export function apiEnvironment(
  environment: Record<string, string | undefined>,
  { dataDir, logFile, port, internalKeys }: Pick<Env, "dataDir" | "logFile" | "port" | "internalKeys">,
): Record<string, string | undefined> {
  const given = Object.entries(environment).filter(([name]) => !name.startsWith("npm_") || name.startsWith("npm_config_"));
  return {
    ...Object.fromEntries(given),
    AGENT_PLATFORM_DATA_DIR: resolve(dataDir),
    AGENT_PLATFORM_PORT: String(port),
    AGENT_PLATFORM_INTERNAL_KEY: internalKeys.join(","),
    ...(logFile !== undefined && { AGENT_PLATFORM_LOG_FILE: logFile }),
  };
}
