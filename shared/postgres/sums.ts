/**
 * What a copy of a cluster is known by: SHA256SUMS beside its files, which `sha256sum --check` reads, too. A disk that has changed a byte since is found by it. The log is not in it: PostgreSQL
 * compares each of its records itself, and ends where it brings back less than the copy.
 */
import { createHash } from "node:crypto";
import { open, readFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { firstPage, hasPages, isSound, lsnOf, pageBytes } from "./pages.ts";

const sumsName = "SHA256SUMS";
const chunkBytes = 128 * pageBytes;

/** SHA-256 of files in hex, by their path in the cluster. */
export type Sums = Map<string, string>;

/** A page that is not what was written. */
export interface DamagedPage {
  /** Of its file in the cluster. */
  path: string;
  /** In its file, from 0 on. */
  index: number;
}

/** What a look at a file has found. */
export interface SeenFile {
  sum: string;
  damaged: DamagedPage[];
}

/** Reads a file of a cluster once. @param path  of it in the cluster. */
export async function lookAtFile(folder: string, path: string): Promise<SeenFile> {
  const hash = createHash("sha256");
  const damaged: DamagedPage[] = [];
  const isOfPages = hasPages(path);
  const handle = await open(join(folder, path), "r");
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (let at = 0, bytes = chunkBytes; bytes === chunkBytes; at += bytes) {
      bytes = await filled(handle, chunk, at);
      const read = chunk.subarray(0, bytes);
      hash.update(read);
      if (isOfPages) damaged.push(...damagedIn(read, path, at / pageBytes));
    }
  } finally {
    await handle.close();
  }
  return { sum: hash.digest("hex"), damaged };
}

/** @returns fewer bytes than it holds only where the file ends. */
async function filled(handle: FileHandle, chunk: Buffer, from: number): Promise<number> {
  let bytes = 0;
  while (bytes < chunk.length) {
    const { bytesRead } = await handle.read(chunk, bytes, chunk.length - bytes, from + bytes);
    if (bytesRead === 0) break;
    bytes += bytesRead;
  }
  return bytes;
}

function damagedIn(read: Buffer, path: string, first: number): DamagedPage[] {
  const damaged: DamagedPage[] = [];
  for (let at = 0; at + pageBytes <= read.length; at += pageBytes) {
    const index = first + at / pageBytes;
    if (!isSound(read.subarray(at, at + pageBytes), firstPage(path) + index)) damaged.push({ path, index });
  }
  return damaged;
}

/**
 * Looks at a page of a cluster that serves, which may just be written, once more. @returns the place in the log of what changed it last, as its header says, where it is not what
 * was written; undefined: it is, or its file ends before it.
 */
export async function lookAtPage(folder: string, { path, index }: DamagedPage): Promise<bigint | undefined> {
  const page = Buffer.alloc(pageBytes);
  const handle = await open(join(folder, path), "r").catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    if ((await filled(handle, page, index * pageBytes)) < pageBytes) return undefined;
  } finally {
    await handle.close();
  }
  return isSound(page, firstPage(path) + index) ? undefined : lsnOf(page);
}

/** The text of SHA256SUMS. @param beneath  the cluster's folder, as it is called from there. */
function textOf(sums: Sums, beneath: string): string {
  return [...sums]
    .map(([path, sum]) => `${sum}  ${beneath}/${path}\n`)
    .toSorted((one, other) => (one.slice(64) < other.slice(64) ? -1 : 1))
    .join("");
}

/** What is written of a copy: its SHA256SUMS, and the sum of that. */
export function sumsFile(sums: Sums): { name: string; text: string; sum: string } {
  const text = textOf(sums, "postgres");
  return { name: sumsName, text, sum: createHash("sha256").update(text).digest("hex") };
}

const line = /^([0-9a-f]{64}) {2}postgres\/(.+)$/;

/** The sums of a copy. @returns undefined: they are not what was written. @param sum  of its SHA256SUMS. */
export async function readSums(copy: string, sum: string): Promise<Sums | undefined> {
  const text = await readFile(join(copy, sumsName), "utf8").catch(() => "");
  if (createHash("sha256").update(text).digest("hex") !== sum) return undefined;
  const sums: Sums = new Map();
  for (const each of text.split("\n")) {
    const [, hash, path] = line.exec(each) ?? [];
    if (hash !== undefined && path !== undefined) sums.set(path, hash);
  }
  return sums;
}

const mostNamed = 5;

/** Some of many, for people. */
export function named(items: readonly string[]): string {
  const more = items.length - mostNamed;
  return items.slice(0, mostNamed).join(", ") + (more > 0 ? `, and ${more} more` : "");
}

/** Pages for people. */
export function namedPages(pages: readonly DamagedPage[]): string {
  return named(pages.map(({ path, index }) => `page ${index} of ${path}`));
}
