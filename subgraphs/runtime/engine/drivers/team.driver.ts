/**
 * What a team does next whose members have their turns by rule, one after the other or side by side. Pure, as agent.driver.ts is, by which the supervisor of a
 * SUPERVISOR team goes on: it sees which of its node runs there are, how they stand, and the routes with which they ended.
 */
import type { AgentStep, AgentView } from "./agent.driver.ts";
import type { TeamRules } from "./team-plan.ts";

/** The name of a member's node run: in a round, or of a supervisor's turn, the place of the member, or of the call. */
export function memberPart(round: number, place: number): string {
  return `member#${round}.${place}`;
}

/** The round, or the turn, and the place that a name stands for; undefined: it is no member's. */
export function placeOfMember(name: string): { round: number; place: number } | undefined {
  const [, round, place] = /^member#(\d{1,6})\.(\d{1,4})$/.exec(name) ?? [];
  return round === undefined || place === undefined ? undefined : { round: Number(round), place: Number(place) };
}

/** How a member's node run ended: it has said its part, it says that the work is done, or nothing was asked. */
export const memberRoutes = { turn: "turn", done: "done", dry: "dry" } as const;

/** How the node runs of a team stand. */
export interface TeamView extends Pick<AgentView, "phaseOf" | "routeOf"> {
  /** A member that has ended without an answer. */
  hasFailed(part: string): boolean;
}

/** As of an agent; finish: `part` has the team's answer. */
export type TeamStep = Exclude<AgentStep, { kind: "finish" }> | { kind: "finish"; part: string };

const wait: TeamStep = { kind: "wait" };
const open = (...parts: string[]): TeamStep => ({ kind: "open", parts });

/** The next step of a team of which nothing has failed that it does not handle. */
export function teamNext(team: TeamRules, view: TeamView): TeamStep {
  switch (team.mode) {
    case "PARALLEL":
      return parallelNext(team, view);
    case "ROUND_ROBIN":
      return roundsNext(team, view);
    default:
      return turnsNext(team.workers, 1, view) ?? { kind: "finish", part: memberPart(1, team.workers.at(-1) ?? 0) };
  }
}

/** One after the other; undefined: all are done. */
function turnsNext(workers: readonly number[], round: number, view: TeamView): TeamStep | undefined {
  for (const place of workers) {
    const part = memberPart(round, place);
    const phase = view.phaseOf(part);
    if (phase !== "done") return phase === "absent" ? open(part) : wait;
  }
  return undefined;
}

function parallelNext({ workers, closer }: TeamRules, view: TeamView): TeamStep {
  const parts = workers.map((place) => memberPart(1, place));
  const absent = parts.filter((part) => view.phaseOf(part) === "absent");
  if (absent.length > 0) return open(...absent);
  if (parts.some((part) => view.phaseOf(part) !== "done")) return wait;
  if (parts.every((part) => view.hasFailed(part)))
    return {
      kind: "fail",
      code: "TEAM_MEMBERS_FAILED",
      message: "None of the team's members has given an answer; their node runs say why.",
    };
  return closer === undefined ? { kind: "finish", part: parts[0] ?? "" } : closeNext(closer, 2, view);
}

/** Until one says that it is done, or the rounds are over. */
function roundsNext({ workers, closer, maxRounds }: TeamRules, view: TeamView): TeamStep {
  const end = lastTurn({ workers, maxRounds }, view);
  if ("kind" in end) return end;
  return closer === undefined ? { kind: "finish", part: memberPart(end.round, end.place) } : closeNext(closer, end.round + 1, view);
}

/** The turn that ended the conversation, or what is to be done before there is one. */
function lastTurn(
  { workers, maxRounds }: Pick<TeamRules, "workers" | "maxRounds">,
  view: TeamView,
): TeamStep | { round: number; place: number } {
  let last = { round: 1, place: workers[0] ?? 0 };
  for (let round = 1; round <= maxRounds; round++) {
    for (const place of workers) {
      const part = memberPart(round, place);
      const phase = view.phaseOf(part);
      if (phase !== "done") return phase === "absent" ? open(part) : wait;
      last = { round, place };
      const word = view.routeOf(part);
      if (word === memberRoutes.done || word === memberRoutes.dry) return last;
    }
  }
  return last;
}

function closeNext(closer: number, round: number, view: TeamView): TeamStep {
  const part = memberPart(round, closer);
  const phase = view.phaseOf(part);
  if (phase === "done") return { kind: "finish", part };
  return phase === "absent" ? open(part) : wait;
}
