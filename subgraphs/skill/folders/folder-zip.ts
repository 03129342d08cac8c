/**
 * Folders in ZIP archives (yauzl). Sizes that an archive gives of itself are not believed: what comes out is counted while it is unpacked, and no more than a
 * folder may have is kept.
 */
import { crc32 } from "node:zlib";
import { fromBufferPromise, type Entry } from "yauzl";
import { AppError } from "#shared/errors.ts";
import { excerpt } from "#shared/fields.ts";
import { skillErrors } from "../errors.ts";
import { folderLimits, tooLarge, type FolderFile } from "./folder.rules.ts";

/** Of an archive, folders and what computers leave in them too. */
const mostEntries = 1_000;
/** Of Unix, the first four bits of a mode; archives of other systems have none. */
const modes = { none: 0, file: 0o10, link: 0o12 } as const;

/** What is in an archive. @throws AppError SKILL_FOLDER_INVALID */
export async function unzip(field: string, archive: Buffer): Promise<FolderFile[]> {
  try {
    return await filesOf(field, archive);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw refused(field, `the archive cannot be read: ${excerpt((cause as Error).message)}`, cause);
  }
}

async function filesOf(field: string, archive: Buffer): Promise<FolderFile[]> {
  // Names are checked by folder.rules.ts, as those of folders that come without an archive; yauzl refuses those that lead out by itself.
  const zip = await fromBufferPromise(archive, { strictFileNames: true });
  if (zip.entryCount > mostEntries) throw refused(field, `the archive has ${zip.entryCount} entries, and may have ${mostEntries}`);
  const files: FolderFile[] = [];
  let left: number = folderLimits.bytes;
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName.endsWith("/")) continue;
    checkEntry(field, entry);
    const chunks: Buffer[] = [];
    for await (const chunk of await zip.openReadStreamPromise(entry)) {
      left -= (chunk as Buffer).length;
      if (left < 0) throw tooLarge(field);
      chunks.push(chunk as Buffer);
    }
    const content = Buffer.concat(chunks);
    if (crc32(content) !== entry.crc32) throw refused(field, `${nameOf(entry)} is damaged: its checksum is another`);
    files.push({ path: entry.fileName, content });
  }
  return files;
}

function checkEntry(field: string, entry: Entry): void {
  const mode: number = entry.externalFileAttributes >>> 28;
  if (entry.isEncrypted()) throw refused(field, `${nameOf(entry)} is encrypted`);
  if (mode === modes.link) throw refused(field, `${nameOf(entry)} is a symbolic link; put the file in its place`);
  if (mode !== modes.none && mode !== modes.file) throw refused(field, `${nameOf(entry)} is no file`);
  if (entry.uncompressedSize > folderLimits.bytes) throw tooLarge(field);
}

function nameOf({ fileName }: Entry): string {
  return JSON.stringify(excerpt(fileName));
}

function refused(field: string, problem: string, cause?: unknown): Error {
  return skillErrors.SKILL_FOLDER_INVALID({ field, problem }, { cause });
}
