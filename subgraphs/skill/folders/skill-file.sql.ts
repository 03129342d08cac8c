import type { Db, Tx } from "#shared/db/database.ts";
import type { FolderFile } from "./folder.rules.ts";

/** Adds the files of a version, all in one statement. */
export async function addFiles(tx: Tx, versionId: string, files: readonly FolderFile[]): Promise<void> {
  await tx.sql(
    `insert into skill.skill_file (version_id, path, tenant_id, content)
     select $1, f.path, $2, decode(f.content, 'base64') from unnest($3::text[], $4::text[]) as f(path, content)`,
    [versionId, tx.tenantId, files.map(({ path }) => path), files.map(({ content }) => content.toString("base64"))],
  );
}

/** A file of a version; undefined: there is none of that path. Primary key. */
export async function fileOf(db: Db, versionId: string, path: string): Promise<FolderFile | undefined> {
  const values = [versionId, path, db.tenantId];
  const text = `select path, encode(content, 'base64') as content from skill.skill_file where version_id = $1 and path = $2 and tenant_id = $3`;
  const [row] = await db.query<{ path: string; content: string }>({ name: "skill_file", text, values });
  return row && { path: row.path, content: Buffer.from(row.content, "base64") };
}
