/** Brings a folder in the Agent Skills format to the platform: a skill of its name, or the next version of it. */
import { basename, resolve } from "node:path";
import { createClient, type GraphClient } from "#codegen/client/client.ts";
import { createSkill, importSkill, skillByCode } from "../documents.ts";
import type { ShowOptions } from "../follow.ts";
import { readSkill } from "./skill-files.ts";

/** Where it is brought, and under which code. */
export interface ImportOptions extends ShowOptions {
  url: string;
  tenant?: string | undefined;
  apiKey?: string | undefined;
  /** The name of the folder, or of the file, unless given. */
  code?: string | undefined;
  isDraft: boolean;
}

/** @throws AppError FILE_UNREADABLE, SKILL_TOO_LARGE, and those of the graph */
export async function importSkillOf(options: ImportOptions, path: string): Promise<void> {
  const given = await readSkill(path);
  const { url, tenant, apiKey, isDraft, write } = options;
  const client = createClient({ url, tenantId: tenant, apiKey });
  try {
    const code = options.code ?? codeOf(path);
    const skillId = await skillOf(client, code);
    const status = isDraft ? "DRAFT" : "PUBLISHED";
    const { importSkill: version } = await client.mutate(importSkill, { input: { ...given, skillId, status } });
    const made = { code, skillId, skillVersionId: version!.id, version: version!.version, status: version!.status };
    write(options.isJson ? `${JSON.stringify(made)}\n` : `Version ${made.version} of the skill ${code} is ${status}.\n`);
  } finally {
    await client.close();
  }
}

function codeOf(path: string): string {
  const name = basename(resolve(path)).replace(/\.zip$/i, "");
  return (
    name
      .replace(/[^A-Za-z0-9._-]/g, "-")
      .replace(/^[^A-Za-z0-9]+/, "")
      .slice(0, 64) || "skill"
  );
}

async function skillOf(client: GraphClient, code: string): Promise<string> {
  const known = (await client.query(skillByCode, { code })).skillByCode;
  if (known != null) return known.id;
  return (await client.mutate(createSkill, { input: { code, name: code, skillType: "folder" } })).createSkill!.id;
}
