import { Field, ObjectType } from "type-graphql";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import type { Question } from "../../nodes/executor.ts";

/** What a node run that waits asks. */
export interface WaitingRow {
  id: string;
  runId: string;
  path: string;
  /** Whether it waits for an answer, and nobody has given one. */
  isOpen: boolean;
  reason: string;
  attempt: number;
  /** null: nothing that was kept, as of a call whose outcome nobody knows. */
  question: Question | null;
  nodeType: string;
  dueMs: number | null;
  sinceMs: number | null;
}

/** A way out of a form. */
@ObjectType({ description: "A way out of a form, which is a route of the run." })
export class WaitingAction {
  @Field(() => String, { description: "What resumeNodeRun is given as `action`." })
  id!: string;

  @Field(() => String, { description: "For people." })
  label!: string;
}

/** What a node run that waits asks of somebody. */
@ObjectType({ description: "What a node run that waits asks of somebody; it was fixed when it began to wait." })
export class NodeRunWaiting {
  row!: WaitingRow;

  @Field(() => String, { description: "For what it waits, as NodeRun.waitReason has it." })
  reason!: string;

  @Field(() => String, { nullable: true, description: "For people; null: there is none." })
  text!: string | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description: "A JSON Schema of the object that `outputJson` of the answer is to be; null: it may be any, or there is none.",
  })
  form!: JsonObject | null;

  @Field(() => [String], { description: "Whom it asks, by names that the document gives; empty: everybody who may answer." })
  assignees!: string[];

  @Field(() => [WaitingAction], { description: "The ways out of which the answer names one; empty: there is one only." })
  actions!: WaitingAction[];

  @Field(() => Date, { nullable: true, description: "Since when it waits; null: that was not kept." })
  since!: Date | null;

  @Field(() => Date, { nullable: true, description: "When the wait ends by itself; null: never." })
  deadline!: Date | null;

  @Field(() => String, { nullable: true, description: "APPROVAL: what is to be called; else null." })
  toolName!: string | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description: "APPROVAL: what the call is to be made with; of a plain request its parts. Else null.",
  })
  arguments!: JsonObject | null;
}

/** What the graph shows of a row. */
export function shownWaiting(row: WaitingRow): NodeRunWaiting {
  const { text = null, form = null, assignees = [], actions = [], tool, arguments: args = null } = row.question ?? {};
  return Object.assign(new NodeRunWaiting(), {
    row,
    reason: row.reason,
    text,
    form,
    assignees,
    actions: actions.map(({ id, label = id }) => ({ id, label })),
    since: dateOf(row.sinceMs),
    deadline: dateOf(row.dueMs),
    toolName: tool?.name ?? null,
    arguments: args,
  });
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
