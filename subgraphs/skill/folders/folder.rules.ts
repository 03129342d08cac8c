/**
 * The open Agent Skills format: a folder with a SKILL.md, whose front matter names and describes the skill, and with whatever files its text refers to. Here is
 * said which folders are taken.
 */
import { posix } from "node:path";
import { isUtf8 } from "node:buffer";
import { characters, excerpt } from "#shared/fields.ts";
import { skillErrors } from "../errors.ts";
import { readFrontMatter, type FrontMatter } from "./front-matter.ts";

/** Of one folder: files, and bytes of all of them together. */
export const folderLimits = { files: 200, bytes: 3 * 1024 * 1024, pathCharacters: 200 } as const;

/** The file that makes a folder a skill. */
export const skillFile = "SKILL.md";

/** A file of a folder. `path` has `/` between its parts and leads down only. */
export interface FolderFile {
  path: string;
  content: Buffer;
}

/** A folder that is a skill. */
export interface SkillFolder {
  about: FrontMatter;
  /** By their paths. */
  files: FolderFile[];
}

/** Programs that the sandbox runs, and those that it does not, by the ends of their names. */
const scripts = new Set([".py", ".js"]);
const otherScripts = new Set(
  ".sh .bash .zsh .fish .ksh .bat .cmd .ps1 .psm1 .vbs .rb .pl .php .lua .tcl .r .ts .mts .mjs .cjs .exe .com .dll .so".split(" "),
);

/** Whether a file is a program that can be run. */
export function isScript(path: string): boolean {
  return scripts.has(posix.extname(path).toLowerCase());
}

/**
 * A folder as its files are, or one that holds nothing else than it. What computers leave in folders is left out.
 *
 * @throws AppError SKILL_FOLDER_INVALID
 */
export function readFolder(field: string, given: readonly FolderFile[]): SkillFolder {
  const files = withoutRoot(given.filter(({ path }) => !isLitter(path)));
  checkAmount(field, files);
  checkPaths(field, files);
  const main = files.find(({ path }) => path === skillFile);
  if (main === undefined) {
    const near = files.find(({ path }) => posix.basename(path).toLowerCase() === "skill.md");
    const hint = near === undefined ? "" : `. There is ${near.path}; it is to be called ${skillFile} and lie at the top`;
    throw refused(field, `the folder has no ${skillFile}${hint}`);
  }
  if (!isUtf8(main.content)) throw refused(field, `${skillFile} is no UTF-8 text`);
  const about = readFrontMatter(main.content.toString("utf8"), (problem) => refused(field, `${skillFile}: ${problem}`));
  return { about, files: files.toSorted((one, other) => (one.path < other.path ? -1 : 1)) };
}

function isLitter(path: string): boolean {
  return path.startsWith("__MACOSX/") || /(?:^|\/)(?:\.DS_Store|Thumbs\.db|desktop\.ini)$/.test(path) || /(?:^|\/)\.git\//.test(path);
}

/** Archives of a folder often hold the folder, and not what is in it. */
function withoutRoot(files: readonly FolderFile[]): FolderFile[] {
  const [first] = files;
  const root = first?.path.split("/")[0];
  if (first === undefined || root === undefined || root === "" || root === "." || root === "..") return [...files];
  if (!files.every(({ path }) => path.startsWith(`${root}/`))) return [...files];
  return files.map((file) => ({ ...file, path: file.path.slice(root.length + 1) }));
}

function checkAmount(field: string, files: readonly FolderFile[]): void {
  if (files.length > folderLimits.files) throw refused(field, `the folder has ${files.length} files, and may have ${folderLimits.files}`);
  const bytes = files.reduce((sum, { content }) => sum + content.length, 0);
  if (bytes > folderLimits.bytes) throw tooLarge(field);
}

/** A folder that has more bytes than it may. */
export function tooLarge(field: string): Error {
  return refused(field, `the folder has more than ${folderLimits.bytes} bytes once it is unpacked`);
}

function checkPaths(field: string, files: readonly FolderFile[]): void {
  const known = new Set<string>();
  for (const { path, content } of files) {
    const problem = pathProblem(path);
    if (problem !== undefined) throw refused(field, `the path ${JSON.stringify(excerpt(path))} ${problem}`);
    const folded = foldedPath(path);
    if (known.has(folded)) throw refused(field, `the path ${path} is there twice, perhaps with other capitals`);
    known.add(folded);
    if (isOtherScript(path, content))
      throw refused(
        field,
        `${path} is a program that cannot be run here: the sandbox runs .py and .js. Write it in one of them, or leave it out`,
      );
  }
  const both = files.find(({ path }) => foldersOf(foldedPath(path)).some((folder) => known.has(folder)));
  if (both !== undefined) throw refused(field, `a part of the path ${both.path} is a file and a folder`);
}

/** Folders of people who use other systems keep one file for paths that are the same by this: without capitals, and on Windows without dots and spaces at the end of a name. */
function foldedPath(path: string): string {
  return path
    .normalize("NFC")
    .toLowerCase()
    .replace(/[. ]+(?=\/|$)/g, "");
}

/** Those that a path leads through. */
function foldersOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, place) => parts.slice(0, place + 1).join("/"));
}

function isOtherScript(path: string, content: Buffer): boolean {
  const begins = content.subarray(0, 2).toString("latin1");
  return otherScripts.has(posix.extname(path).toLowerCase()) || (begins === "#!" && !isScript(path));
}

/**
 * Characters that end a line, or turn the order of those around them: what a person is shown would be another path. And the one that stands for bytes of a name in an
 * archive that are no text.
 */
const unshown = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd]/u;

/** Why a path is none that leads to a file of the folder; undefined: it is one. */
function pathProblem(path: string): string | undefined {
  if (characters(path) > folderLimits.pathCharacters) return `is longer than ${folderLimits.pathCharacters} characters`;
  if (!path.isWellFormed() || unshown.test(path)) return "has control characters, or half a character";
  if (path.includes("\\")) return "has a backslash; put / between folders";
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) return "begins at a root; give it as it is seen from the folder";
  const parts = path.split("/");
  if (parts.includes("..")) return "leads out of its folder";
  if (parts.some((part) => part === "" || part === ".")) return "has an empty part";
  return undefined;
}

function refused(field: string, problem: string): Error {
  return skillErrors.SKILL_FOLDER_INVALID({ field, problem });
}
