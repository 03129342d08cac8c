/** Skills, as tests make them through the graph. */
import type { JsonObject } from "#shared/json.ts";
import { ask, type AskedPlatform } from "./graph.ts";

let serial = 0;

/** A skill that was made. */
export interface MadeSkill {
  skillId: string;
  versionId: string;
  code: string;
}

type Headers = Record<string, string> | undefined;

/** Makes a skill without a version. */
export async function bareSkill(platform: AskedPlatform, given: JsonObject = {}, headers?: Headers): Promise<Omit<MadeSkill, "versionId">> {
  const code = `skill-${Date.now().toString(36)}-${serial++}`;
  const query = "mutation ($input: CreateSkillInput!) { createSkill(input: $input) { id code } }";
  const { createSkill } = await ask<{ createSkill: { id: string; code: string } }>(
    platform,
    query,
    { input: { code, name: "Test skill", ...given } },
    headers,
  );
  return { skillId: createSkill.id, code: createSkill.code };
}

/** Makes a skill with one version, published unless told otherwise. */
export async function makeSkill(
  platform: AskedPlatform,
  runtimeType: string,
  version: JsonObject,
  given: JsonObject = {},
  headers?: Headers,
) {
  const skill = await bareSkill(platform, given, headers);
  const input = { skillId: skill.skillId, status: "PUBLISHED", runtimeType, ...version };
  const query = "mutation ($input: CreateSkillVersionInput!) { made: createSkillVersion(input: $input) { id } }";
  const { made } = await ask<{ made: { id: string } }>(platform, query, { input }, headers);
  return { ...skill, versionId: made.id };
}

/** Makes a skill of a folder, of texts by their paths. */
export async function makeFolder(platform: AskedPlatform, files: Record<string, string>, given: JsonObject = {}, headers?: Headers) {
  const skill = await bareSkill(platform, given, headers);
  const made = await importFolder(platform, { skillId: skill.skillId, files: filesOf(files), status: "PUBLISHED" }, headers);
  return { ...skill, versionId: made.id };
}

/** Imports a folder. */
export async function importFolder(
  platform: AskedPlatform,
  input: JsonObject,
  headers?: Headers,
): Promise<{ id: string; implementation: JsonObject }> {
  const { made } = await ask<{ made: { id: string; implementation: JsonObject } }>(platform, importQuery, { input }, headers);
  return made;
}

/** The mutation of {@link importFolder}. */
export const importQuery =
  "mutation ($input: ImportSkillInput!) { made: importSkill(input: $input) { id runtimeType status implementation } }";

/** Files as importSkill takes them. */
export function filesOf(files: Record<string, string>): { path: string; contentBase64: string }[] {
  return Object.entries(files).map(([path, text]) => ({ path, contentBase64: Buffer.from(text).toString("base64") }));
}

/** Uses a skill. @returns the id of the run */
export async function useSkill(
  platform: AskedPlatform,
  skillId: string,
  input: JsonObject,
  more: JsonObject = {},
  headers?: Headers,
): Promise<string> {
  const query = "mutation ($input: CreateSkillRunInput!) { createSkillRun(input: $input) { id } }";
  const { createSkillRun } = await ask<{ createSkillRun: { id: string } }>(
    platform,
    query,
    { input: { skillId, input, ...more } },
    headers,
  );
  return createSkillRun.id;
}

/** Installs a skill. @returns the id of the installation */
export async function install(platform: AskedPlatform, skillId: string, installScope: string, scopeId?: string): Promise<string> {
  const query = "mutation ($input: InstallSkillInput!) { installSkill(input: $input) { id } }";
  const input = { skillId, installScope, ...(scopeId !== undefined && { scopeId }) };
  return (await ask<{ installSkill: { id: string } }>(platform, query, { input })).installSkill.id;
}
