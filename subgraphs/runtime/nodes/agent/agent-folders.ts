/** Skills of an agent that are folders: its model is told what each is for, reads what it needs of it, and runs its scripts. */
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import type { FrozenAgent } from "./agent-frozen.ts";
import type { NodeContext, NodeOutcome } from "../executor.ts";
import { failed } from "../outcome.ts";
import { folderCall, scriptsOf, type Folder } from "../skill/skill-folder.ts";

/** A function over the folders of an agent. */
export interface FolderFunction {
  name: string;
  description: string;
  parameters: JsonObject;
  /** read: a file; run: a script. */
  folders: "read" | "run";
  requires_approval?: undefined;
}

/** The functions that it has for them; none without folders. */
export function folderFunctions({ folders }: Pick<FrozenAgent, "folders">): FolderFunction[] {
  if (folders === undefined) return [];
  const { read, run, list } = folders;
  const skill = (of: typeof list) => ({ type: "string", enum: of.map(({ name }) => name), description: "Which skill." });
  const path = (what: string) => ({ type: "string", description: what });
  const reads: FolderFunction = {
    name: read,
    description: "Reads the instructions of one of your skills, or another file of it. Read them before you do what the skill is for.",
    parameters: {
      type: "object",
      properties: { skill: skill(list), path: path("A file of the skill; its instructions unless given.") },
      required: ["skill"],
      additionalProperties: false,
    },
    folders: "read",
  };
  if (run === undefined) return [reads];
  const withScripts = list.filter((folder) => scriptsOf(folder).length > 0);
  const scripts = withScripts.map((folder) => `${folder.name}: ${scriptsOf(folder).join(", ")}`).join("; ");
  const runs: FolderFunction = {
    name: run,
    description: `Runs a script of one of your skills. ${scripts.slice(0, 2_000)}`,
    parameters: {
      type: "object",
      properties: {
        skill: skill(withScripts),
        path: path("The script."),
        input: { type: "object", description: "What the script reads as payload." },
      },
      required: ["skill", "path"],
      additionalProperties: false,
    },
    folders: "run",
  };
  return [reads, runs];
}

/** What a model is told of them before anything is read. */
export function foldersNote({ read, list }: NonNullable<FrozenAgent["folders"]>): string {
  const lines = list.map(({ name, about }) => `- ${name}: ${about}`);
  return `Your skills. Before you do what one of them is for, read its instructions with ${read}:\n${lines.join("\n")}`;
}

/** Does what the model asks of a folder. */
export async function callFolder(
  context: NodeContext,
  { folders }: Pick<FrozenAgent, "folders">,
  { folders: what }: FolderFunction,
  args: JsonObject,
): Promise<NodeOutcome> {
  const { skill: name, path, input } = args;
  const list: readonly (Folder & { name: string })[] = folders?.list ?? [];
  const folder = list.find((one) => one.name === name);
  if (folder === undefined) {
    const message = `There is no skill ${JSON.stringify(name ?? null).slice(0, 80)} to read; there are ${list.map((one) => one.name).join(", ")}.`;
    return failed({ code: "TOOL_ARGUMENTS_INVALID", message });
  }
  if (what === "read") return folderCall(context, folder, { ...(path !== undefined && { path }) });
  if (input != null && !isJsonObject(input)) {
    const message = `input is ${JSON.stringify(input).slice(0, 80)}: give an object, which the script reads as its payload.`;
    return failed({ code: "TOOL_ARGUMENTS_INVALID", message });
  }
  return folderCall(context, folder, { ...(path !== undefined && { path }), input: input ?? {} });
}
