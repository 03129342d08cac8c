/**
 * The checksums of a cluster's pages, as PostgreSQL computes them (src/include/storage/checksum_impl.h): it compares a page when it reads it, and nobody before. By them
 * damage is found that a disk did, whatever reads the page next, and whenever.
 */
import { basename } from "node:path";

/** PostgreSQL's, unless it was built to have others. */
export const pageBytes = 8192;
/** A file of a table or an index has 1 GiB; the next begins with `.1`. */
const pagesOfFile = 131_072;

const relationFile = /^\d+(?:_(?:fsm|vm|init))?(?:\.(\d+))?$/;

/** Whether a file of a cluster, by its path in it, is made of pages: those of tables and indexes. */
export function hasPages(path: string): boolean {
  return /^(?:base\/\d+|global)\//.test(path) && relationFile.test(basename(path));
}

/** The number of a file's first page in its table or index. */
export function firstPage(path: string): number {
  return Number(relationFile.exec(basename(path))?.[1] ?? 0) * pagesOfFile;
}

/** Where a page's header has what. */
const lsnAt = 0;
const checksumAt = 8;

/** As PostgreSQL adds it to a table or an index, before it writes into it. */
const empty = Buffer.alloc(pageBytes);

/** Whether a page is what was written. @param number  of the page in its table or index. */
export function isSound(page: Buffer, number: number): boolean {
  return page.readUInt16LE(checksumAt) === checksumOf(page, number) || page.equals(empty);
}

/** The place in the log of what changed a page last. */
export function lsnOf(page: Buffer): bigint {
  return (BigInt(page.readUInt32LE(lsnAt)) << 32n) | BigInt(page.readUInt32LE(lsnAt + 4));
}

/** The place that a text such as `0/3000028` names. */
export function lsnNamed(text: string): bigint {
  const [high = "", low = ""] = text.split("/");
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

const lanes = 32;
const prime = 16_777_619;
/** One for each lane; of no meaning, but the same everywhere. */
const offsets = Int32Array.of(
  ...[0x5b1f36e9, 0xb8525960, 0x02ab50aa, 0x1de66d2a, 0x79ff467a, 0x9bb9f8a3, 0x217e7cd2, 0x83e13d2c],
  ...[0xf8d4474f, 0xe39eb970, 0x42c6ae16, 0x993216fa, 0x7b093b5d, 0x98daff3c, 0xf718902a, 0x0b1c9cdb],
  ...[0xe58f764b, 0x187636bc, 0x5d7b3bb1, 0xe73de7de, 0x92bec979, 0xcca6c0b2, 0x304a0979, 0x85aa43d4],
  ...[0x783125bb, 0x6ca8eaa2, 0xe407eac6, 0x4b5cfc3e, 0x9fbf8c76, 0x15ca20be, 0xf2ca9fd3, 0x959bd756],
);
const sums = new Int32Array(lanes);
const words = new Int32Array(pageBytes / 4);
const bytes = Buffer.from(words.buffer);

/** FNV-1a in 32 lanes, of a page without its own checksum. */
function checksumOf(page: Buffer, number: number): number {
  page.copy(bytes);
  bytes.writeUInt16LE(0, checksumAt);
  sums.set(offsets);
  for (let at = 0; at < words.length; at++) mix(at % lanes, words[at]!);
  for (let at = 0; at < 2 * lanes; at++) mix(at % lanes, 0);
  const folded = sums.reduce((whole, sum) => whole ^ sum, number);
  return ((folded >>> 0) % 65_535) + 1;
}

function mix(lane: number, word: number): void {
  const mixed = sums[lane]! ^ word;
  sums[lane] = Math.imul(mixed, prime) ^ (mixed >>> 17);
}
