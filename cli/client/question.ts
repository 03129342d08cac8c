/** What a node run asks, for a person at a shell: each field of its form in a line, and the command that answers it. */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { readJson } from "#shared/json/nesting.ts";
import type { CliQuestionFragment } from "#codegen/graph/graphql.ts";
import { cliErrors } from "../errors.ts";
import { schemaShape } from "./input-shape.ts";

/** What stands in a schema beside its properties, and may ask for more. */
const more = ["$ref", "allOf", "anyOf", "oneOf", "if", "dependentSchemas", "patternProperties"];
const constraints = ["minimum", "maximum", "minLength", "maxLength", "pattern", "format", "default"] as const;

/** The question, in lines. @param asked.by  who asks, in words; none: nobody in particular */
export function questionLines({ id, by }: { id: string; by: readonly string[] }, waiting: CliQuestionFragment): string[] {
  const { reason, text, assignees, deadline } = waiting;
  const whom = assignees.length === 0 ? "" : `, for ${assignees.join(", ")}`;
  const until = deadline == null ? "" : `, until ${deadline}`;
  return [
    `${[`${id} waits: ${reason}`, ...by].join(", ")}${whom}${until}`,
    ...(text == null || text === "" ? [] : ["", ...text.split("\n")]),
    ...askedLines(waiting),
    "",
    ...answerLines(id, waiting),
  ].map(shown);
}

function askedLines({ form, actions, toolName, arguments: args }: CliQuestionFragment): string[] {
  const call = toolName == null ? [] : ["", `The call of ${toolName} with`, ...indented(args as JsonObject | null)];
  const ways =
    actions.length === 0 ? [] : ["", "Actions:", ...actions.map(({ id, label }) => `  ${id}${label === id ? "" : `: ${label}`}`)];
  if (!isJsonObject(form)) return [...call, ...ways];
  const fields = fieldsOf(form).map(({ key, schema, isNeeded }) => `  ${fieldLine(key, schema, isNeeded)}`);
  const isWhole = !more.some((key) => form[key] !== undefined) && fields.length > 0;
  return [...call, "", "Form:", ...fields, ...(isWhole ? [] : ["It is what this JSON Schema says:", ...indented(form)]), ...ways];
}

function indented(value: Json | null | undefined): string[] {
  return JSON.stringify(value ?? {}, null, 2)
    .split("\n")
    .map((line) => `  ${line}`);
}

function fieldLine(key: string, schema: JsonObject, isNeeded: boolean): string {
  const shape = schemaShape({ properties: { [key]: schema }, required: isNeeded ? [key] : [] });
  const { title } = schema;
  const limits = constraints.flatMap((name) => (schema[name] === undefined ? [] : [`${name} ${JSON.stringify(schema[name])}`]));
  return [...(typeof title === "string" && title !== "" ? [`${shape} – ${title}`] : [shape]), ...limits].join(", ");
}

interface Field {
  key: string;
  schema: JsonObject;
  isNeeded: boolean;
}

/** The properties of a form itself, and those that it only asks for. */
function fieldsOf({ properties, required }: JsonObject): Field[] {
  const needed = Array.isArray(required) ? required.filter((key) => typeof key === "string") : [];
  const known = isJsonObject(properties) ? properties : {};
  return [...new Set([...Object.keys(known), ...needed])].map((key) => ({
    key,
    schema: Object.hasOwn(known, key) && isJsonObject(known[key]) ? known[key] : {},
    isNeeded: needed.includes(key),
  }));
}

/** Whether nothing is to be chosen, filled in or decided: to answer it is to say that it may go on. */
export function asksNothing({ reason, form, actions, toolName, arguments: args }: CliQuestionFragment): boolean {
  return reason !== "APPROVAL" && form == null && actions.length === 0 && toolName == null && args == null;
}

/** The commands that answer it; of a machine's call none. */
function answerLines(id: string, { reason, form, actions }: CliQuestionFragment): string[] {
  const command = `agent-platform answer ${shellWord(id)}`;
  if (reason === "CALLBACK") return ["A machine answers it: waiting.callbackUrl of the node run is where to."];
  if (reason === "APPROVAL")
    return ["Answer with one of:", `  ${command} --approve [--arguments '{…}'] [--reason "…"]`, `  ${command} --reject [--reason "…"]`];
  const action = actions.length === 0 ? "" : ` --action ${shellWord(actions.map((one) => one.id).join("|"))}`;
  const fields = isJsonObject(form) ? fieldsOf(form) : [];
  const sets = fields.map(({ key, isNeeded }) => (isNeeded ? ` --set ${quoted(`${key}=…`)}` : ` [--set ${quoted(`${key}=…`)}]`)).join("");
  const rest = sets === "" && action === "" ? ' --text "…"' : sets;
  return ["Answer with:", `  ${command}${action}${rest}`];
}

/** Strangers name fields and actions: pasted into a POSIX shell a name is a word, and no command. */
function shellWord(text: string): string {
  return /^[\w.:/#@-]+$/.test(text) ? text : quoted(text);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** What strangers wrote does not steer the terminal. */
function shown(line: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is taken out
  return line.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}

/**
 * Fields that were given one by one, as `name=value`: a text where the form asks for one, else JSON.
 *
 * @throws AppError ANSWER_FIELD_INVALID
 */
export function valuesOf(form: Json | null | undefined, given: readonly string[]): JsonObject {
  const fields = isJsonObject(form) ? fieldsOf(form) : [];
  return Object.fromEntries(given.map((one) => entryOf(fields, one)));
}

function entryOf(fields: readonly Field[], given: string): [string, Json] {
  const at = given.indexOf("=");
  if (at < 1) throw cliErrors.ANSWER_FIELD_INVALID({ given, problem: "a field is given as name=value" });
  const [key, text] = [given.slice(0, at), given.slice(at + 1)];
  const { type, enum: choices } = fields.find((field) => field.key === key)?.schema ?? {};
  const types = Array.isArray(type) ? type : [type];
  const choice = Array.isArray(choices) ? choices.find((one) => (typeof one === "string" ? one : JSON.stringify(one)) === text) : undefined;
  if (choice !== undefined) return [key, choice];
  if (types.includes("string") || (Array.isArray(choices) && choices.every((one) => typeof one === "string"))) return [key, text];
  const value = readJson(text);
  if (value !== undefined) return [key, value];
  if (type === undefined) return [key, text];
  throw cliErrors.ANSWER_FIELD_INVALID({ given, problem: `${key} is of the type ${types.join(" or ")}` });
}
