/** A workflow in a file: a DSL document by itself, or one with a name and a sample input beside it. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { text } from "node:stream/consumers";
import type { FileAgents } from "./agents/prepare-agents.ts";
import { cliErrors } from "../errors.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { refuseLongNumbers } from "#shared/json/numbers.ts";

/** What a file holds. */
export interface WorkflowFile {
  /** From the file's name: what app and workflow are called in the graph. */
  code: string;
  name: string;
  /** Used where no input is given. */
  input: JsonObject;
  dsl: Json;
  /** Where the document lies in the file: "" or "/dsl". */
  dslPointer: string;
  /** What it cannot do without, such as "model". */
  needs: string[];
  description: string;
  /** Those that its nodes name by their codes, where the file brings them along. */
  agents: FileAgents;
}

/** @throws AppError FILE_UNREADABLE, FILE_NOT_JSON, FILE_NO_WORKFLOW, NUMBER_NOT_KEPT */
export async function readWorkflowFile(path: string): Promise<WorkflowFile> {
  const content = await readJsonFile(path);
  if (!isJsonObject(content)) throw cliErrors.FILE_NO_WORKFLOW({ path });
  const code =
    basename(path, ".json")
      .replace(/[^A-Za-z0-9._-]/g, "-")
      .replace(/^[^A-Za-z0-9]+/, "")
      .slice(0, 64) || "workflow";
  const dsl = Array.isArray(content["nodes"]) ? content : content["dsl"];
  if (!isJsonObject(dsl)) throw cliErrors.FILE_NO_WORKFLOW({ path });
  const name = typeof content["name"] === "string" ? content["name"] : code;
  const isWhole = dsl === content;
  return {
    code,
    name,
    input: isJsonObject(content["input"]) && !isWhole ? content["input"] : {},
    dsl,
    dslPointer: isWhole ? "" : "/dsl",
    needs: !isWhole && Array.isArray(content["needs"]) ? content["needs"].map(String) : [],
    agents: isWhole ? {} : agentsOf(content["agents"]),
    description: !isWhole && typeof content["description"] === "string" ? content["description"] : "",
  };
}

function agentsOf(given: Json | undefined): FileAgents {
  if (!isJsonObject(given)) return {};
  return Object.fromEntries(Object.entries(given).flatMap(([code, agent]) => (isJsonObject(agent) ? [[code, agent]] : [])));
}

/** The value of `--input`: JSON, `@file` that holds it, or `-`: stdin does. @throws AppError INPUT_NOT_AN_OBJECT, FILE_UNREADABLE, FILE_NOT_JSON, NUMBER_NOT_KEPT */
export async function readInput(option: string): Promise<JsonObject> {
  const value =
    option === "-"
      ? parse(await text(process.stdin), "stdin")
      : option.startsWith("@")
        ? await readJsonFile(option.slice(1))
        : inlineJson(option);
  if (!isJsonObject(value)) throw cliErrors.INPUT_NOT_AN_OBJECT({ value: option.slice(0, 100) });
  return value;
}

/** undefined: it is none. The refusal shows the option as the shell has left it, and an example. */
function inlineJson(option: string): Json | undefined {
  let value: Json;
  try {
    value = JSON.parse(option) as Json;
  } catch {
    return undefined;
  }
  refuseLongNumbers(option, "--input");
  return value;
}

/** A file of JSON. @throws AppError FILE_UNREADABLE, FILE_NOT_JSON, NUMBER_NOT_KEPT */
export async function readJsonFile(path: string): Promise<Json> {
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch (cause) {
    throw cliErrors.FILE_UNREADABLE({ path, story: (cause as Error).message }, { cause });
  }
  return parse(content, path);
}

function parse(json: string, path: string): Json {
  let value: Json;
  try {
    value = JSON.parse(json) as Json;
  } catch (cause) {
    throw cliErrors.FILE_NOT_JSON({ path, story: (cause as Error).message }, { cause });
  }
  refuseLongNumbers(json, path);
  return value;
}
