/** What a member of a team is given when it begins: made of what the team was given, and of what the others have said. */
import * as z from "zod";
import type { JsonObject } from "#shared/json.ts";
import { teamModes } from "../../engine/drivers/team-plan.ts";
import { memberPart, placeOfMember } from "../../engine/drivers/team.driver.ts";
import { openingOf, type AgentOpening } from "../agent/agent-frozen.ts";
import { turnOf } from "../agent/agent-turn.ts";
import type { NodeContext, NodeOutcome, NodeScope } from "../executor.ts";
import { completed } from "../outcome.ts";

/** What all members have said, in characters, as one of them is shown it; and what one has. */
const allCharacters = 900_000;
const oneCharacters = 64_000;

const membership = z.object({
  member: z.string(),
  team: z.object({
    mode: z.enum(teamModes),
    max_rounds: z.number(),
    members: z.array(z.object({ key: z.string(), role: z.string() })),
    /** Who makes one answer of what the others gave. */
    closer: z.string().optional(),
  }),
});

type Membership = z.infer<typeof membership>;

/** A place in a team's work, and what there is of it. */
interface Turn extends Membership {
  round: number;
  place: number;
  given: AgentOpening;
  outputs: NodeScope["nodes"];
}

/** Opens a member of a team. */
export function beginMember({ config, scope, nodeRunId }: Pick<NodeContext, "config" | "scope" | "nodeRunId">): NodeOutcome {
  const place = placeOfMember(nodeRunId.slice(nodeRunId.lastIndexOf("/") + 1));
  if (place === undefined) throw new Error(`no member of a team works at ${nodeRunId}`);
  const turn: Turn = { ...membership.parse(config), ...place, given: openingOf(scope), outputs: scope.nodes };
  const { input_json: json, ...given } = turn.given;
  // Who is asked is given the task, and nothing beside it.
  const shown = turn.team.mode === "SUPERVISOR" || json === undefined ? {} : { input_json: json };
  const item: JsonObject = { member: turn.member, ...askedBy(turn), ...(given as JsonObject), ...shown, input: inputOf(turn) };
  return completed({ outputJson: [item] });
}

/** Of the trace: who asked it. */
function askedBy({ team }: Turn): { asked_by?: string } {
  return team.mode === "SUPERVISOR" && team.closer !== undefined ? { asked_by: team.closer } : {};
}

function inputOf(turn: Turn): string {
  const { team, round, place, given } = turn;
  switch (team.mode) {
    case "SUPERVISOR":
      return taskOf(turn);
    case "SEQUENTIAL":
      return place === 0 ? given.input : `${taskText(given)}\n\n${said(turn, [memberPart(1, place - 1)])}\n\nGo on from that.`;
    case "PARALLEL":
      return round === 1 ? given.input : `${taskText(given)}\n\n${said(turn, before(turn))}\n\nMake one answer of theirs.`;
    case "ROUND_ROBIN":
      return conversation(turn);
  }
}

/** What the supervisor asks of it, as its call says. */
function taskOf({ outputs, round, place }: Turn): string {
  const args = turnOf(outputs, round)?.calls[place]?.arguments as { task?: string } | undefined;
  return args?.task ?? "";
}

function conversation(turn: Turn): string {
  const { member, team, given } = turn;
  const parts = before(turn);
  if (parts.length === 0) return `${taskText(given)}\n\nYou have the first word.`;
  const next = member === team.closer ? "You are the judge: decide, and give the answer." : "It is your turn.";
  return `${taskText(given)}\n\n${said(turn, parts)}\n\n${next}`;
}

function taskText({ input }: AgentOpening): string {
  return `The task:\n${input}`;
}

/** Names of the turns before this one, in their order. */
function before({ outputs, round, place, team }: Turn): string[] {
  const parts: string[] = [];
  for (let one = 1; one <= round; one++) {
    for (const at of team.members.keys()) {
      if (one === round && at >= place) break;
      const part = memberPart(one, at);
      if (outputs[part] !== undefined) parts.push(part);
    }
  }
  return parts;
}

/** What they said, each under its key; of much the newest. */
function said({ outputs, team }: Turn, parts: readonly string[]): string {
  let left = allCharacters;
  const texts: string[] = [];
  for (const part of parts.toReversed()) {
    const { key = "" } = team.members[placeOfMember(part)?.place ?? -1] ?? {};
    const text = `${key}:\n${shortened(textOf(outputs[part]))}`;
    left -= text.length;
    if (left < 0) break;
    texts.unshift(text);
  }
  const missing = parts.length - texts.length;
  return [...(missing === 0 ? [] : [`(What was said before that is left out: ${missing} turns.)`]), ...texts].join("\n\n");
}

function textOf(output: Turn["outputs"][string] | undefined): string {
  if (output?.error !== undefined) return `(has given no answer: ${output.error.code})`;
  return output?.text ?? "";
}

function shortened(text: string): string {
  if (text.length <= oneCharacters) return text;
  return `${text.slice(0, oneCharacters).toWellFormed()}\n[${text.length} characters, of which these are the first ${oneCharacters}]`;
}
