/**
 * A team as a plan has it: one composite node, whose members work as agents beneath it, each at a path such as `team/member#2.1`. Of a SUPERVISOR team the
 * supervisor's own model and tool calls stand beside them, as those of an agent do. All that decides what a team does is frozen with it.
 */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";

/** The type of the node. */
export const teamType = "team";

/** How the members work together. */
export const teamModes = ["SUPERVISOR", "SEQUENTIAL", "PARALLEL", "ROUND_ROBIN"] as const;

/** One of {@link teamModes}. */
export type TeamMode = (typeof teamModes)[number];

/** What decides how a team goes on. Members are named by their places, from 0. */
export interface TeamRules {
  mode: TeamMode;
  /** Keys of the members, in their order. */
  members: readonly string[];
  /** Those that take part; of a SUPERVISOR team those that can be asked. */
  workers: readonly number[];
  /** Who makes one answer of what the others gave: the supervisor, the one that merges, or the judge. undefined: nobody does. */
  closer: number | undefined;
  /** Of turns in which each worker has the word, at most. */
  maxRounds: number;
  /** Model calls of all of them together, at most. */
  maxTurns: number;
  /** Tokens of those, at most; undefined: as many as they like. */
  maxTokens: number | undefined;
}

/** The role of the member that plans, asks the others and concludes. */
const supervisorRole = "supervisor";

/** A member as its plan has it. */
export interface PlanMember {
  key: string;
  role: string;
  /** The version of its agent, frozen. */
  agent: JsonObject;
}

/** Reads the team that a node's config has; undefined: it has none. */
export function teamRules({ team }: JsonObject): TeamRules | undefined {
  if (!isJsonObject(team)) return undefined;
  const mode = teamModes.find((known) => known === team["mode"]) ?? "SEQUENTIAL";
  const members = planMembers(team);
  const { max_rounds: maxRounds, max_turns: maxTurns, max_total_tokens: maxTokens } = isJsonObject(team["limits"]) ? team["limits"] : {};
  return {
    mode,
    members: members.map(({ key }) => key),
    ...partsOf(mode, members, team["judge"]),
    maxRounds: numberOf(maxRounds, 1),
    maxTurns: numberOf(maxTurns, 1),
    maxTokens: typeof maxTokens === "number" ? maxTokens : undefined,
  };
}

/** The members of a team, in their order. */
export function planMembers({ members }: JsonObject): PlanMember[] {
  if (!Array.isArray(members)) return [];
  return members.filter(isJsonObject).map(({ key, role, agent }) => ({ key: String(key), role: String(role), agent: agent as JsonObject }));
}

/** Who works, and who closes. Somebody who supervises, or judges, does not work beside that, unless nobody else would. */
function partsOf(mode: TeamMode, members: readonly PlanMember[], judge: Json | undefined): Pick<TeamRules, "workers" | "closer"> {
  const all = members.map((_, place) => place);
  const supervisor = members.findIndex(({ role }) => role === supervisorRole);
  const others = (closer: number): number[] => {
    const left = all.filter((place) => place !== closer);
    return left.length === 0 ? all : left;
  };
  switch (mode) {
    case "SUPERVISOR":
      return { workers: all.filter((place) => place !== supervisor), closer: supervisor };
    case "SEQUENTIAL":
      return { workers: all, closer: undefined };
    case "PARALLEL": {
      const workers = supervisor === -1 ? all : others(supervisor);
      return { workers, closer: members.length === 1 ? undefined : Math.max(0, supervisor) };
    }
    case "ROUND_ROBIN": {
      const closer = members.findIndex(({ key }) => key === judge);
      return closer === -1 ? { workers: all, closer: undefined } : { workers: others(closer), closer };
    }
  }
}

function numberOf(value: Json | undefined, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

/** Whether the team fails by a failure of this node run of it: what it needs to come to an answer. Other failures are told to who asked. */
export function isNeeded({ mode, closer }: TeamRules, { round, place }: { round: number; place: number }): boolean {
  if (mode === "SUPERVISOR") return false;
  return mode !== "PARALLEL" || (round === 2 && place === closer);
}
