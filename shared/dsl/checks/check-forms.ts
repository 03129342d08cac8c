import { isJsonObject, type Json } from "#shared/json.ts";
import { isPlainText } from "#shared/template/template.ts";
import type { CheckedNode } from "./check-node.ts";
import type { IssueList } from "../issue.ts";

/** Why a value is no form, in words that go on from its name; undefined: it is one. It looks into the value as whoever checks answers by it does (shared/json/form.ts). */
export type FormFault = (form: Json) => string | undefined;

/** Characters of all forms of a document together that are looked at: those beyond are checked when their nodes begin. */
const checkedChars = 128 * 1024;

/** What the forms of a document may still have that are looked at. */
export interface FormBudget {
  formChars: number;
}

/** Nothing of them was looked at. */
export const wholeFormBudget = { formChars: checkedChars } as const;

/** Checks the forms of nodes that wait for persons. A form with templates in it is known when its node begins, and checked then. */
export function checkForms(nodes: readonly CheckedNode[], formFault: FormFault | undefined, issues: IssueList, budget: FormBudget): void {
  if (formFault === undefined) return;
  for (const { id, index, type, config } of nodes) {
    const form = config["form"];
    if (type !== "human-input" || !isJsonObject(form) || !isPlain(form)) continue;
    budget.formChars -= JSON.stringify(form).length;
    if (budget.formChars < 0) continue;
    const fault = formFault(form);
    if (fault !== undefined) issues.error("CONFIG_INVALID", ["nodes", index, "config", "form"], `config.form of node ${id} ${fault}.`);
  }
}

function isPlain(value: Json | undefined): boolean {
  if (typeof value === "string") return isPlainText(value);
  return typeof value !== "object" || value === null || Object.values(value).every(isPlain);
}
