/** What fits as an answer to a node run that waits. */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { formProblems } from "#shared/json/form-answers.ts";
import { excerpt } from "#shared/fields.ts";
import type { AnswerOutcome } from "../../control/outside-report.ts";
import { agentPartTypes } from "../../engine/drivers/agent-plan.ts";
import { runtimeErrors } from "../../errors.ts";
import type { Approval } from "../../nodes/executor.ts";
import { formProperties } from "./form-properties.ts";
import type { WaitingRow } from "./waiting.entity.ts";

/** An answer as it was given; its values can be kept. */
export interface GivenAnswer {
  outputText?: string | null | undefined;
  outputJson?: Json | undefined;
  action?: string | null | undefined;
  decision?: "APPROVE" | "REJECT" | null | undefined;
  arguments?: Json | undefined;
  reason?: string | null | undefined;
}

/** An answer that fits. */
export type FittingAnswer = { kind: "outcome"; outcome: AnswerOutcome } | { kind: "decision"; approval: Approval };

const decisionFields = ["decision", "arguments", "reason"] as const;
const outputFields = ["action", "outputJson", "outputText"] as const;

/**
 * The answer in the owner's terms. Arguments are for {@link checkArguments}.
 *
 * @throws AppError DECISION_NOT_ASKED, DECISION_MISSING, OUTPUT_NOT_ASKED, ACTION_UNKNOWN, ANSWER_INVALID, ANSWER_TOO_SLOW, EVALUATION_BUSY
 */
export async function fittingAnswer(tenantId: string, row: WaitingRow, given: GivenAnswer): Promise<FittingAnswer> {
  if (row.reason === "APPROVAL") return { kind: "decision", approval: decisionOf(row, given) };
  const field = decisionFields.find((name) => given[name] != null);
  if (field !== undefined) throw runtimeErrors.DECISION_NOT_ASKED({ field, id: row.id, waitReason: row.reason });
  const outcome =
    row.reason === "PERSON" && row.nodeType === "human-input" ? await filledIn(tenantId, row, given) : freeOutcome(row, given);
  return { kind: "outcome", outcome };
}

function decisionOf({ id, question, nodeType }: WaitingRow, given: GivenAnswer): Approval {
  const { decision, arguments: edited, reason } = given;
  const field = outputFields.find((name) => given[name] != null);
  if (field !== undefined)
    throw runtimeErrors.OUTPUT_NOT_ASKED({
      field,
      id,
      next: "It waits for an approval: give decision, and what the tool puts out comes from the tool.",
    });
  if (decision == null) throw runtimeErrors.DECISION_MISSING({ field: "decision", id });
  if (decision === "REJECT" && edited != null)
    throw runtimeErrors.OUTPUT_NOT_ASKED({
      field: "arguments",
      id,
      next: "A call that is rejected is not made: give arguments with APPROVE only.",
    });
  if (edited != null && !isJsonObject(edited)) throw notAnObject("arguments", id, edited);
  const said = { decision, ...(reason != null && { reason }) };
  const { arguments: asked, called, request, tool } = question ?? {};
  const isAgents = nodeType === agentPartTypes.tool && tool !== undefined && asked !== undefined;
  if (decision === "REJECT") return { ...said, ...(isAgents && { call: { name: tool.name, arguments: asked } }) };
  const approved = { ...said, ...(request !== undefined && { request }) };
  if (edited != null) return { ...approved, arguments: edited };
  return { ...approved, ...(asked !== undefined && { arguments: asked }), ...(called !== undefined && { called }) };
}

/** What was filled in, and the action that was taken, which is the route. */
async function filledIn(tenantId: string, { id, question }: WaitingRow, given: GivenAnswer): Promise<AnswerOutcome> {
  const { outputText, outputJson } = given;
  if (outputJson != null && !isJsonObject(outputJson)) throw notAnObject("outputJson", id, outputJson);
  const actions = question?.actions?.map((action) => action.id) ?? [];
  const { action, values } = actionOf({ ...given, values: outputJson ?? {} }, { actions, form: question?.form });
  if (actions.length > 0 ? action === undefined || !actions.includes(action) : given.action != null && given.action !== question?.route)
    throw runtimeErrors.ACTION_UNKNOWN({ field: "action", id, action: action === undefined ? null : excerpt(action), actions });
  if (question?.form !== undefined) await checkValues(tenantId, { field: "outputJson", id }, question.form, values);
  const route = actions.length > 0 ? action : question?.route;
  if (route !== undefined && values["action"] !== undefined && values["action"] !== route) throw otherAction(id, values["action"], route);
  const taken = route ?? action;
  // Not copied for nothing: an object of 49,000 keys takes 20 ms.
  const output = taken === undefined ? values : { ...values, action: taken };
  return {
    kind: "completed",
    ...(outputText != null && { outputText }),
    ...(Object.keys(output).length > 0 && { outputJson: output }),
    ...(route !== undefined && { route }),
  };
}

/** An outside executor says it as the route of any branching node. Where the form asks for a route of its own, that is what was filled in. */
function actionOf(
  given: GivenAnswer & { values: JsonObject },
  { actions, form }: { actions: readonly string[]; form: JsonObject | undefined },
): { action: string | undefined; values: JsonObject } {
  const said = given.values["route"];
  const isFilledIn = form !== undefined && formProperties(form).some(({ key }) => key === "route");
  if (given.action != null || isFilledIn || typeof said !== "string" || !actions.includes(said))
    return { action: given.action ?? undefined, values: given.values };
  const { route, ...values } = given.values;
  return { action: route as string, values };
}

/** The output says in `action` which action was taken: what was filled in there would be lost. */
function otherAction(id: string, given: Json, route: string) {
  const message = `It is ${excerpt(JSON.stringify(given))}, and ${JSON.stringify(route)} was taken. Leave it out: action says it.`;
  return runtimeErrors.ANSWER_INVALID({ field: "outputJson", id, problems: [{ field: "/action", message }] });
}

function freeOutcome({ id, question }: WaitingRow, { outputText, outputJson, action }: GivenAnswer): AnswerOutcome {
  const route = question?.route;
  if (action != null && action !== route) throw runtimeErrors.ACTION_UNKNOWN({ field: "action", id, action: excerpt(action), actions: [] });
  return {
    kind: "completed",
    ...(outputText != null && { outputText }),
    ...(outputJson !== undefined && { outputJson }),
    ...(route !== undefined && { route }),
  };
}

/** Values by a JSON Schema. @throws AppError ANSWER_INVALID, ANSWER_TOO_SLOW, EVALUATION_BUSY */
export async function checkValues(
  tenantId: string,
  { field, id }: { field: string; id: string },
  schema: JsonObject,
  values: JsonObject,
): Promise<void> {
  const problems = await formProblems({ tenantId, whenBusy: "refuse" }, schema, values);
  if (problems === undefined) throw runtimeErrors.ANSWER_TOO_SLOW({ field, id });
  if (problems.length > 0) throw runtimeErrors.ANSWER_INVALID({ field, id, problems });
}

function notAnObject(field: string, id: string, value: Json) {
  const shown = excerpt(JSON.stringify(value));
  return runtimeErrors.ANSWER_INVALID({ field, id, problems: [{ field: "", message: `It is ${shown}; give an object.` }] });
}
