/** What persons fill into forms, checked. */
import type { JobCall } from "#shared/evaluation/job.ts";
import type { SchemaProblem } from "#shared/json/json-schema.ts";
import type { JsonObject } from "#shared/json.ts";
import { checkedValue } from "#shared/json/schema-checks.ts";

/** What is wrong with one field of an answer. */
export interface FieldProblem {
  /** A JSON pointer into the answer; "" for the answer as a whole. */
  field: string;
  message: string;
}

/** Everything that is wrong with values by a JSON Schema of an object, each with its field; none: they fit. undefined: that takes too long to find out. */
export async function formProblems(call: JobCall, form: JsonObject, values: JsonObject): Promise<FieldProblem[] | undefined> {
  const problems = await checkedValue(call, { type: "object", ...form }, values);
  return problems?.map(fieldProblem);
}

/** A problem as it is told of a field: one that is missing is named, not what it is missing in. */
export function fieldProblem({ keyword, path, message }: SchemaProblem): FieldProblem {
  const at = pointerIn(path);
  return { field: keyword === "required" ? `${at}/${missingIn(message)}` : at, message };
}

/** A pointer as it stands in a fragment (`#/stra%C3%9Fe`) as it is (`/straße`). */
function pointerIn(fragment: string): string {
  try {
    return decodeURIComponent(fragment.slice(1));
  } catch {
    return fragment.slice(1);
  }
}

/** The validator names it in its sentence only. */
function missingIn(error: string): string {
  return (/property "(.*)"/.exec(error)?.[1] ?? "").replaceAll("~", "~0").replaceAll("/", "~1");
}
