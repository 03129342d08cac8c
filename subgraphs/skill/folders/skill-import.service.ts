import { checkItems, checkJson, creatableStatus, excerpt } from "#shared/fields.ts";
import { checkIdempotencyKey, claimIdempotencyKey, type KeyedCall } from "#shared/graphql/idempotency.ts";
import { newId } from "#shared/ids.ts";
import { ownTurn } from "#shared/own-turn.ts";
import { skillErrors } from "../errors.ts";
import { folderLimits, isScript, readFolder, skillFile, type FolderFile, type SkillFolder } from "./folder.rules.ts";
import { unzip } from "./folder-zip.ts";
import { SkillRuntimeType } from "../runtime-type.ts";
import { addFiles } from "./skill-file.sql.ts";
import { SkillVersion, SkillVersionStatus } from "../skill-version.entity.ts";
import type { ImportSkillInput } from "../skill-version.inputs.ts";
import { implementationBytes } from "../skill-version.rules.ts";
import { addVersion } from "../skill-version.service.ts";
import type { SkillContext } from "../skill.context.ts";

/**
 * Makes a skill's next version of a folder; with a key that was used before it gives what was made then, whatever became of the skill since.
 *
 * @throws AppError SKILL_NOT_FOUND, SKILL_FOLDER_INVALID, VERSION_STATUS_INVALID, LIST_TOO_LONG, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED, those of checkJson
 */
export async function importSkill({ db }: SkillContext, input: ImportSkillInput): Promise<SkillVersion> {
  const { skillId } = input;
  const call = keyedCall(input);
  const status = creatableStatus(input.status ?? SkillVersionStatus.DRAFT);
  const folder = await givenFolder(input);
  const content = contentOf(input.zipBase64 == null ? "files" : "zipBase64", folder);
  const id = newId();
  return db.transaction(async (tx) => {
    const first = call === undefined ? id : await claimIdempotencyKey(tx, call, id);
    if (first !== id) return tx.em.findOneOrFail(SkillVersion, { id: first });
    const version = await addVersion(tx, { skillId, status, ...content }, id);
    // The version's row is there before its files are.
    await tx.em.flush();
    await addFiles(tx, id, folder.files);
    return version;
  });
}

function keyedCall(input: ImportSkillInput): KeyedCall | undefined {
  if (input.idempotencyKey == null) return undefined;
  return { schema: "skill", operation: "importSkill", key: checkIdempotencyKey(input.idempotencyKey), input };
}

async function givenFolder({ zipBase64, files }: ImportSkillInput): Promise<SkillFolder> {
  if ((zipBase64 == null) === (files == null))
    throw skillErrors.SKILL_FOLDER_INVALID({ field: "zipBase64", problem: "give either zipBase64 or files, and not both" });
  if (zipBase64 != null) return readFolder("zipBase64", await unzip("zipBase64", bytesOf("zipBase64", zipBase64)));
  checkItems("files", files!, folderLimits.files);
  const read: FolderFile[] = [];
  for (const [index, { path, contentBase64 }] of files!.entries()) {
    read.push({ path, content: bytesOf(`files[${index}].contentBase64`, contentBase64) });
    await ownTurn();
  }
  return readFolder("files", read);
}

/** Node's own decoder passes over what is no base64. */
function bytesOf(field: string, base64: string): Buffer {
  const given = base64.replace(/\s+/g, "");
  const isBase64 = /^[A-Za-z0-9+/]*={0,2}$/.test(given) && given.replace(/={1,2}$/, "").length % 4 !== 1;
  if (!isBase64) throw skillErrors.SKILL_FOLDER_INVALID({ field, problem: `it is no base64: ${JSON.stringify(excerpt(base64))}` });
  return Buffer.from(given, "base64");
}

function contentOf(field: string, { about, files }: SkillFolder) {
  const { "allowed-tools": allowedTools, ...facts } = about;
  const listed = files.map(({ path, content }) => ({ path, size_bytes: content.length, ...(isScript(path) && { script: true }) }));
  const implementation = { ...facts, ...(allowedTools !== undefined && { allowed_tools: allowedTools }), files: listed };
  return {
    runtimeType: SkillRuntimeType.FOLDER,
    parameterSchema: folderParameters,
    outputSchema: {},
    // Paths have been looked at; YAML writes any character.
    implementation: checkJson(`${field}.${skillFile}`, implementation, implementationBytes),
  };
}

/** What a run of a folder takes: a file to read, or a script to run with an input. */
const folderParameters = {
  type: "object",
  properties: {
    path: { type: "string", description: "A file of the folder; SKILL.md unless given." },
    input: { type: "object", description: "Given, the file is a script, which is run with it as its payload." },
  },
  additionalProperties: false,
};
