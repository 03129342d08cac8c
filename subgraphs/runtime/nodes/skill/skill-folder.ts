/** Folders in the open Agent Skills format: their files are read, and their scripts run in the sandbox. */
import { posix } from "node:path";
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import { codeNode } from "../code.node.ts";
import type { NodeContext, NodeOutcome } from "../executor.ts";
import { otherContext } from "../other-context.ts";
import { completed, failed } from "../outcome.ts";
import type { SkillFileRead } from "../ports/skill.port.ts";
import type { FrozenSkill } from "./skill-frozen.ts";
import { portCall, traced } from "../traced.ts";

/** The file that an agent begins with. */
const mainFile = "SKILL.md";
const languages: Readonly<Record<string, "python" | "javascript">> = { ".py": "python", ".js": "javascript" };
const frontMatter = /^\ufeff?---[ \t]*\r?\n[\s\S]*?(?:^|\n)---[ \t]*(?:\r?\n|$)/;

/** A folder, as far as its files are asked for. */
export type Folder = Pick<FrozenSkill, "version_id" | "code" | "implementation">;

/** What is done with a folder: a file is read, or, with an input, a script is run. */
export function folderCall(context: NodeContext, folder: Folder, { path, input }: JsonObject): Promise<NodeOutcome> {
  const asked = typeof path === "string" && path !== "" ? path : mainFile;
  return input === undefined ? readFile(context, folder, asked) : runScript(context, folder, { path: asked, input });
}

/** Paths of the files of a folder. */
export function filesOf({ implementation: { files } }: Folder): string[] {
  return Array.isArray(files) ? files.filter(isJsonObject).map(({ path }) => String(path)) : [];
}

/** Of those, the scripts. */
export function scriptsOf(folder: Folder): string[] {
  return filesOf(folder).filter((path) => languageOf(path) !== undefined);
}

async function readFile(context: NodeContext, folder: Folder, path: string): Promise<NodeOutcome> {
  const file = await fileOf(context, folder, path);
  if ("kind" in file) return file;
  if (file.text === null) {
    const message = `${path} of the skill ${folder.code} is no text: it has ${file.sizeBytes} bytes of something else.`;
    return failed({ code: "SKILL_FILE_NO_TEXT", message });
  }
  const others = filesOf(folder).filter((other) => other !== mainFile);
  const isMain = path === mainFile;
  const list = isMain && others.length > 0 ? `\n\nFiles of this skill: ${others.join(", ")}` : "";
  const text = isMain ? `${file.text.replace(frontMatter, "").trim()}${list}` : file.text;
  return completed({ outputText: text, outputJson: text });
}

async function runScript(context: NodeContext, folder: Folder, { path, input }: JsonObject): Promise<NodeOutcome> {
  const language = languageOf(String(path));
  if (language === undefined) {
    const message = `${String(path)} of the skill ${folder.code} is no script; ${scriptsOf(folder).join(", ") || "it has none"}.`;
    return failed({ code: "SKILL_SCRIPT_UNKNOWN", message });
  }
  const file = await fileOf(context, folder, String(path));
  if ("kind" in file) return file;
  if (file.text === null) return failed({ code: "SKILL_FILE_NO_TEXT", message: `${String(path)} is no text.` });
  const config = { language, code: file.text, input_json: "{{ input }}" };
  const scope = { ...context.scope, input: isJsonObject(input) ? input : {}, nodes: {}, state: {} };
  const outcome = await codeNode.run(otherContext(context, { config, scope }));
  if (outcome.kind !== "completed") return outcome;
  const { outputJson, outputText: printed } = outcome;
  const result = isJsonObject(outputJson) ? (outputJson["result_json"] ?? null) : null;
  // Many scripts of such folders print, and make no result.
  return completed({ ...outcome, outputJson: { result, ...(printed !== undefined && printed !== "" && { printed }) } });
}

/** A file of the folder, or the failure to find it. */
async function fileOf(context: NodeContext, folder: Folder, path: string): Promise<SkillFileRead | NodeOutcome> {
  const unknown = () => {
    const files = filesOf(folder).join(", ");
    return failed({ code: "SKILL_FILE_UNKNOWN", message: `The skill ${folder.code} has no file ${path.slice(0, 200)}; it has ${files}.` });
  };
  if (!filesOf(folder).includes(path)) return unknown();
  const call = { spanType: "TOOL", name: `read ${folder.code}/${path}`, attributes: { "skill.version_id": folder.version_id } } as const;
  await context.entered();
  const asked = { versionId: folder.version_id, path };
  const file = await traced(
    context,
    call,
    (span) => context.ports.skill.file(asked, portCall(context, span)),
    (found) => ({
      attributes: { "skill.file.bytes": found?.sizeBytes ?? null },
    }),
  );
  return file ?? unknown();
}

function languageOf(path: string): "python" | "javascript" | undefined {
  return languages[posix.extname(path).toLowerCase()];
}
