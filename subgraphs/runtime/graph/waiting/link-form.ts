/** A question as the fields of an HTML form, and back. Pure. */
import type { AppError } from "#shared/errors.ts";
import type { FieldProblem } from "#shared/json/form-answers.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { readJson } from "#shared/json/nesting.ts";
import { isKept } from "#shared/json/numbers.ts";
import { formProperties, type FormProperty } from "./form-properties.ts";
import { FormRoom } from "./form-room.ts";
import type { GivenAnswer } from "./answer.rules.ts";
import type { WaitingRow } from "./waiting.entity.ts";

/** What a form sends. */
export type FormFields = Pick<URLSearchParams, "get">;

/** One property of a form's schema, as somebody fills it in. */
export interface FormField {
  /** The property. */
  key: string;
  /** Its name among the fields of the HTML form. */
  name: string;
  label: string;
  hint: string | undefined;
  isRequired: boolean;
  /** Only some answers have it: a yes-no has a third choice then, to leave it out. */
  isAlternative: boolean;
  /** choice: one of `choices`. json: what has no field of its own, and a choice for which a page has no room (form-room.ts). */
  kind: "line" | "text" | "number" | "yes-no" | "choice" | "json";
  /** Of a line: what HTML calls it. */
  type: string;
  choices: readonly Json[];
  value: Json | undefined;
}

/** Names of its own, so that no property can be one of the form's other fields. */
const prefix = "field.";
/** Texts that may be longer are written in a larger box. */
const lineLength = 200;
const lineTypes: Readonly<Record<string, string>> = { date: "date", email: "email", uri: "url", time: "time" };

/** The properties that a form speaks of (form-properties.ts), with what there is room for. */
export function formFields(form: JsonObject): FormField[] {
  const room = new FormRoom();
  return formProperties(form).map((property) => formField(property, room));
}

function formField({ key, schema, ...who }: FormProperty, room: FormRoom): FormField {
  const { title, description, format, maxLength, enum: listed, default: value } = schema;
  const isListed = Array.isArray(listed) && listed.length > 0;
  const choices = isListed && room.holdsChoices(listed) ? listed : [];
  const isLong = typeof maxLength === "number" && maxLength > lineLength;
  return {
    key,
    name: `${prefix}${key}`,
    label: typeof title === "string" && title !== "" && room.holds(title) ? title : key,
    hint: typeof description === "string" && description !== "" && room.holds(description) ? description : undefined,
    ...who,
    kind: choices.length > 0 ? "choice" : isListed ? "json" : kindOf(schema["type"], { isLong }),
    type: typeof format === "string" && Object.hasOwn(lineTypes, format) ? lineTypes[format]! : "text",
    choices,
    value: value !== undefined && room.holds(value) ? value : undefined,
  };
}

function kindOf(type: Json | undefined, { isLong }: { isLong: boolean }): FormField["kind"] {
  switch (type) {
    case "string":
      return isLong ? "text" : "line";
    case "number":
    case "integer":
      return "number";
    case "boolean":
      return "yes-no";
    default:
      return "json";
  }
}

/** The answer that a form holds, and what of it cannot be read. What fits is for the answer itself to find out. */
export function formAnswer({ reason, question }: WaitingRow, fields: FormFields): { answer: GivenAnswer; problems: FieldProblem[] } {
  if (reason === "APPROVAL") return decisionIn(fields, question?.arguments);
  const action = fields.get("action") ?? undefined;
  const hasActions = question?.actions !== undefined;
  const text = fields.get("text") ?? "";
  const own = { ...(hasActions && action !== undefined && { action }), ...(text !== "" && { outputText: text }) };
  if (question?.form === undefined) return { answer: own, problems: [] };
  const values: JsonObject = {};
  const problems: FieldProblem[] = [];
  for (const field of formFields(question.form)) {
    const read = valueOf(field, fields.get(field.name));
    if (read.problem !== undefined) problems.push({ field: pointer(field.key), message: read.problem });
    else if (read.value !== undefined) Object.defineProperty(values, field.key, { value: read.value, enumerable: true });
  }
  return { answer: { ...own, outputJson: values }, problems };
}

function decisionIn(fields: FormFields, asked: JsonObject | undefined): { answer: GivenAnswer; problems: FieldProblem[] } {
  const decision = fields.get("action");
  const reason = fields.get("reason") ?? "";
  const edited = (fields.get("arguments") ?? "").trim();
  if (decision !== "APPROVE" && decision !== "REJECT") return { answer: {}, problems: [{ field: "", message: "Approve or reject." }] };
  const answer = { decision, ...(reason !== "" && { reason }) } as const;
  if (decision === "REJECT" || edited === "" || edited.replaceAll("\r\n", "\n") === shownArguments(asked)) return { answer, problems: [] };
  const value = readJson(edited);
  if (!isJsonObject(value)) return { answer, problems: [{ field: "/arguments", message: "Arguments are a JSON object." }] };
  return { answer: { ...answer, arguments: value }, problems: [] };
}

/** Arguments as they are shown, and may be changed. */
export function shownArguments(args: JsonObject | null | undefined): string {
  return JSON.stringify(args ?? {}, null, 2);
}

/** Nothing filled in is no value: whether there must be one is for the schema to say. */
function valueOf({ kind, choices, isAlternative }: FormField, text: string | null): ReadField {
  if (kind === "yes-no" && !isAlternative) return { value: text !== null };
  if (text === null || text === "") return {};
  if (kind === "yes-no") return { value: text !== "false" };
  if (kind === "choice") {
    const choice = /^\d+$/.test(text) ? choices[Number(text)] : undefined;
    return choice === undefined ? { problem: "Choose one of the list." } : { value: choice };
  }
  if (kind === "line" || kind === "text") return { value: text.replaceAll("\r\n", "\n") };
  const written = text.trim();
  if (written === "") return {};
  if (kind === "number") return numberOf(written);
  const value = readJson(written);
  return value === undefined ? { problem: "Give JSON, such as [1, 2]." } : { value };
}

interface ReadField {
  value?: Json;
  problem?: string;
}

/** As a number field of a page writes it. Digits have one way to be read: with `\.?` between two runs of them, a long one that is no number takes the square of its length. */
const numberPattern = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/** No number is rounded in silence. */
function numberOf(written: string): ReadField {
  if (!numberPattern.test(written) || !Number.isFinite(Number(written))) return { problem: "Give a number." };
  const digits = written.replace(/^\+/, "").replace(/^(-?)0+(?=\d)/, "$1");
  return isKept(digits) ? { value: Number(written) } : { problem: `It would be read as ${Number(written)}. Give fewer digits.` };
}

/** What is wrong with an answer, by its fields. */
export function formProblemsOf({ facts, message }: AppError): FieldProblem[] {
  const { problems } = facts as { problems?: FieldProblem[] };
  return problems ?? [{ field: "", message }];
}

/** A property as a JSON pointer has it. */
export function pointer(key: string): string {
  return `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
