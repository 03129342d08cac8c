/** The page of a link, as plain HTML: no script, nothing from elsewhere. Everything that is shown is somebody's text, and escaped. */
import type { FieldProblem } from "#shared/json/form-answers.ts";
import type { Json } from "#shared/json.ts";
import { formFields, pointer, shownArguments, type FormField, type FormFields } from "./link-form.ts";
import type { NodeRunWaiting } from "./waiting.entity.ts";

/** A question that is shown. */
export interface ShownQuestion {
  waiting: NodeRunWaiting;
  /** Whose call is to be approved of: an agent of a workflow, or a member of a team. */
  asker?: string | undefined;
  formToken: string;
  /** What was sent, where it did not fit, and why. */
  fields?: FormFields;
  problems?: readonly FieldProblem[];
}

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.4rem}.text{white-space:pre-wrap;overflow-wrap:anywhere}fieldset{border:0;padding:0;margin:0}
label,legend{font-weight:600;display:block}.field{margin:1.2rem 0}.hint{color:#57606a;margin:.1rem 0}
input:not([type=checkbox]),textarea,select{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #6e7781;border-radius:4px;color:inherit;background:inherit}
textarea{min-height:8rem}input[type=checkbox]{width:1.2rem;height:1.2rem;vertical-align:middle;margin-right:.5rem}
button{font:inherit;font-weight:600;padding:.6rem 1.2rem;margin:0 .6rem .6rem 0;border:1px solid #0b57d0;border-radius:4px;background:#0b57d0;color:#fff;cursor:pointer}
button.other{background:#fff;color:#0b57d0}:focus-visible{outline:3px solid #f5a623;outline-offset:2px}
.problems,.problem{color:#b3261e}.problems{border:2px solid #b3261e;border-radius:4px;padding:.6rem 1rem}
@media (prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}.hint{color:#9da7b1}.problems,.problem{color:#ff8a80}button.other{background:#0d1117;color:#8ab4f8}}`;

/** A page that says something, and asks nothing. */
export function notePage({ title, text }: { title: string; text: string }): string {
  return document(title, `<h1>${escape(title)}</h1>\n<p class="text">${escape(text)}</p>`);
}

/** A page that asks. */
export function answerPage({ waiting, asker, formToken, fields, problems = [] }: ShownQuestion): string {
  const isApproval = waiting.reason === "APPROVAL";
  const title = isApproval ? `Approve the call of ${waiting.toolName ?? "a tool"}?` : "Your answer is needed";
  const text =
    waiting.text ??
    (waiting.reason === "OUTCOME_UNKNOWN" ? "Nobody knows whether this step took effect. Find out, and say what came of it." : "");
  const deadline = waiting.deadline === null ? "" : `<p class="hint">It is waited for until ${time(waiting.deadline)}.</p>`;
  const by = asker === undefined ? "" : `<p class="hint">It is asked for by ${escape(asker)}.</p>`;
  const body = isApproval ? approvalFields(waiting, fields, problems) : questionFields(waiting, fields, problems);
  return document(
    title,
    `<h1>${escape(title)}</h1>
${text === "" ? "" : `<p class="text">${escape(text)}</p>`}
${by}${deadline}
${problemList(problems)}
<form method="post">
<input type="hidden" name="form_token" value="${escape(formToken)}">
${body}
<p>${buttons(waiting)}</p>
</form>`,
  );
}

function questionFields({ form, reason }: NodeRunWaiting, fields: FormFields | undefined, problems: readonly FieldProblem[]): string {
  if (form !== null)
    return formFields(form)
      .map((field) => fieldOf(field, fields, problemOf(problems, pointer(field.key))))
      .join("\n");
  if (reason === "PERSON") return "";
  return fieldOf(plain({ key: "text", label: "What came of it", kind: "text" }), fields, undefined);
}

function approvalFields(waiting: NodeRunWaiting, fields: FormFields | undefined, problems: readonly FieldProblem[]): string {
  const args = plain({
    key: "arguments",
    label: "It is called with these arguments",
    hint: "JSON. You may change them before you approve.",
    kind: "text",
  });
  const reason = plain({ key: "reason", label: "Reason", hint: "For whoever looks at this later; it may be left empty.", kind: "line" });
  const shown = { ...args, value: shownArguments(waiting.arguments) };
  const problem = problemOf(problems, "/arguments") ?? problems.find(({ field }) => field !== "")?.message;
  return `${fieldOf(shown, fields, problem)}\n${fieldOf(reason, fields, undefined)}`;
}

function plain(field: Pick<FormField, "key" | "label" | "kind"> & { hint?: string }): FormField {
  return {
    name: field.key,
    hint: undefined,
    isRequired: false,
    isAlternative: false,
    type: "text",
    choices: [],
    value: undefined,
    ...field,
  };
}

function problemOf(problems: readonly FieldProblem[], at: string): string | undefined {
  return problems.find(({ field }) => field === at || field.startsWith(`${at}/`))?.message;
}

function problemList(problems: readonly FieldProblem[]): string {
  if (problems.length === 0) return "";
  const items = problems.map(({ field, message }) => `<li>${field === "" ? "" : `${escape(field.slice(1))}: `}${escape(message)}</li>`);
  return `<div class="problems" role="alert"><p>This could not be taken:</p><ul>${items.join("")}</ul></div>`;
}

/** A field with its label, its hint and what is wrong with it, each found by whoever cannot see where they stand. */
function fieldOf(field: FormField, fields: FormFields | undefined, problem: string | undefined): string {
  const id = escape(idOf(field));
  const described = [...(field.hint === undefined ? [] : [`${id}-hint`]), ...(problem === undefined ? [] : [`${id}-problem`])];
  const describedBy = described.length === 0 ? "" : ` aria-describedby="${described.join(" ")}"`;
  const isInvalid = problem === undefined ? "" : ' aria-invalid="true"';
  const attributes = `id="${id}" name="${escape(field.name)}"${describedBy}${isInvalid}`;
  const hint = field.hint === undefined ? "" : `<p class="hint" id="${id}-hint">${escape(field.hint)}</p>`;
  const told = problem === undefined ? "" : `<p class="problem" id="${id}-problem">${escape(problem)}</p>`;
  const label = `${escape(field.label)}${field.isRequired && field.kind !== "yes-no" ? " (needed)" : ""}`;
  if (field.kind === "yes-no" && !field.isAlternative)
    return `<div class="field"><label for="${id}"><input type="checkbox" value="true" ${attributes}${isChecked(field, fields) ? " checked" : ""}>${label}</label>${hint}${told}</div>`;
  return `<div class="field"><label for="${id}">${label}</label>${hint}${control(field, attributes, fields)}${told}</div>`;
}

/** An element's id has no white space in it: lists of ids are written with it between them. */
function idOf({ name }: FormField): string {
  return name.replace(/[%\s]/g, encodeURIComponent);
}

function control(field: FormField, attributes: string, fields: FormFields | undefined): string {
  const required = field.isRequired ? " required" : "";
  const sent = fields?.get(field.name) ?? undefined;
  switch (field.kind) {
    case "choice":
      return `<select ${attributes}${required}>${optionsOf(field, sent)}</select>`;
    case "yes-no":
      return `<select ${attributes}${required}>${yesOrNo(sent ?? textOf(field.value))}</select>`;
    case "text":
      return `<textarea ${attributes}${required}>${escape(sent ?? textOf(field.value))}</textarea>`;
    case "json":
      return `<textarea ${attributes}${required} spellcheck="false">${escape(sent ?? (field.value === undefined ? "" : JSON.stringify(field.value, null, 2)))}</textarea>`;
    case "number":
      return `<input type="number" step="any" ${attributes}${required} value="${escape(sent ?? textOf(field.value))}">`;
    default:
      return `<input type="${escape(field.type)}" ${attributes}${required} value="${escape(sent ?? textOf(field.value))}">`;
  }
}

function optionsOf({ choices, value }: FormField, sent: string | undefined): string {
  const chosen = sent ?? String(indexOf(choices, value));
  return allOptions(choices.map((choice, index) => option(String(index), choice === null ? "null" : textOf(choice), chosen)));
}

function indexOf(choices: readonly Json[], value: Json | undefined): number {
  if (value === undefined) return -1;
  const written = JSON.stringify(value);
  return choices.findIndex((choice) => JSON.stringify(choice) === written);
}

/** Of what only some answers have: neither is an answer too. */
function yesOrNo(chosen: string): string {
  return allOptions([option("true", "Yes", chosen), option("false", "No", chosen)]);
}

function option(value: string, text: string, chosen: string): string {
  return `<option value="${value}"${value === chosen ? " selected" : ""}>${escape(text)}</option>`;
}

function allOptions(options: string[]): string {
  return `<option value=""></option>${options.join("")}`;
}

function isChecked({ name, value }: FormField, fields: FormFields | undefined): boolean {
  return fields === undefined ? value === true : fields.get(name) !== null;
}

function buttons({ reason, actions }: NodeRunWaiting): string {
  const all =
    reason === "APPROVAL"
      ? [
          { id: "APPROVE", label: "Approve" },
          { id: "REJECT", label: "Reject" },
        ]
      : actions.length > 0
        ? actions
        : [{ id: "submit", label: "Send" }];
  return all
    .map(
      ({ id, label }, index) =>
        `<button name="action" value="${escape(id)}"${index === 0 ? "" : ' class="other"'}>${escape(label)}</button>`,
    )
    .join("\n");
}

function textOf(value: Json | undefined): string {
  return value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);
}

function time(date: Date): string {
  return `<time datetime="${date.toISOString()}">${date.toISOString().replace("T", " ").slice(0, 16)} UTC</time>`;
}

function document(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
