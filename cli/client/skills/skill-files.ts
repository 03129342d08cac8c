/** The files of a skill on this machine, as importSkill takes them. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { cliErrors } from "../../errors.ts";

/** As the platform has them; looked at here so that nobody waits for what is refused. */
const limits = { files: 200, bytes: 3 * 1024 * 1024 };
const passedOver = new Set([".git", "__pycache__", "node_modules", ".DS_Store"]);

/** What is brought: an archive as it is, or a folder's files. Links are not followed. @throws AppError FILE_UNREADABLE, SKILL_TOO_LARGE */
export async function readSkill(path: string): Promise<{ zipBase64: string } | { files: { path: string; contentBase64: string }[] }> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return { files: await filesOf(path) };
    if (found.size > limits.bytes) throw cliErrors.SKILL_TOO_LARGE({ path, ...limits });
    return { zipBase64: (await readFile(path)).toString("base64") };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw cliErrors.FILE_UNREADABLE({ path, story: (cause as Error).message }, { cause });
  }
}

async function filesOf(folder: string): Promise<{ path: string; contentBase64: string }[]> {
  const files: { path: string; contentBase64: string }[] = [];
  const open = [folder];
  let bytes = 0;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const entry of await readdir(at, { withFileTypes: true })) {
      if (passedOver.has(entry.name)) continue;
      const path = join(at, entry.name);
      if (entry.isDirectory()) open.push(path);
      if (!entry.isFile()) continue;
      bytes += (await stat(path)).size;
      if (bytes > limits.bytes || files.length === limits.files) throw cliErrors.SKILL_TOO_LARGE({ path: folder, ...limits });
      files.push({ path: relative(folder, path).split(sep).join("/"), contentBase64: (await readFile(path)).toString("base64") });
    }
  }
  return files;
}
