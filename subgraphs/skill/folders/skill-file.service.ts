import { isUtf8 } from "node:buffer";
import { isScript } from "./folder.rules.ts";
import { fileOf } from "./skill-file.sql.ts";
import type { SkillContext } from "../skill.context.ts";

/** A file of a version's folder; null: there is none of that path. */
export async function skillFileOf({ db }: SkillContext, versionId: string, path: string) {
  // No text that PostgreSQL takes has them.
  if (!path.isWellFormed() || path.includes("\u0000")) return null;
  const file = await fileOf(db, versionId, path);
  if (file === undefined) return null;
  const { content } = file;
  const contentText = isUtf8(content) && !content.includes(0) ? content.toString("utf8") : null;
  return { path, sizeBytes: content.length, isScript: isScript(path), contentText, contentBase64: content.toString("base64") };
}
