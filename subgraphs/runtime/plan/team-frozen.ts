/** What a plan holds of a team version: all that its members are told, and what they are offered, so that another version of the platform tells them the same. */
import type { JsonObject } from "#shared/json.ts";
import type { TeamVersionFound } from "../client/team.client.ts";
import { teamsSteps } from "../engine/drivers/agent-plan.ts";
import { teamRules, type TeamRules } from "../engine/drivers/team-plan.ts";
import { runtimeErrors } from "../errors.ts";
import type { FrozenAgent } from "../nodes/agent/agent-frozen.ts";
import { functionsOffered, mostFunctions } from "../nodes/agent/agent-functions.ts";
import type { FrozenVersion } from "./agent-versions.ts";
import { freeName } from "./function-names.ts";

/** What is not said is so much; and no more is taken. */
export const teamLimits = { rounds: { unlessGiven: 3, most: 100 }, turns: { unlessGiven: 100, most: 500 }, tokens: 1_000_000_000 } as const;

/** So often the same may be asked of the same member. */
const sameAsks = 3;

type Member = TeamVersionFound["members"][number];

/** A team as its plan has it; `v`: of this form. */
export interface FrozenTeam {
  v: 1;
  id: string;
  version_id: string;
  mode: TeamVersionFound["coordinationMode"];
  objective: string;
  limits: JsonObject;
  judge?: string;
  members: { key: string; role: string; agent: FrozenAgent }[];
}

/** A team with its members' agents, each with what it is in the team. @throws AppError TEAM_MEMBER_TOOLS */
export function frozenTeam(version: TeamVersionFound, agents: ReadonlyMap<string, FrozenVersion>): FrozenTeam {
  const { coordinationMode: mode, objective, members } = version;
  const config = version.config as JsonObject;
  const judge = config["judge"];
  const limits = limitsOf(config);
  const plain = members.map(({ memberKey: key, role }) => ({ key, role, agent: {} }));
  const named = { mode, limits, ...(typeof judge === "string" && { judge }) };
  const rules = teamRules({ team: { ...named, members: plain } })!;
  return {
    v: 1,
    id: version.team.id,
    version_id: version.id,
    ...named,
    objective,
    members: members.map(({ memberKey: key, role, agentId }, place) => {
      const { frozen } = agents.get(agentId)!;
      return { key, role, agent: memberAgent({ version, rules, place, frozen, maxRounds: numberOf(config, "max_rounds") }) };
    }),
  };
}

function limitsOf(config: JsonObject): JsonObject {
  const { rounds, turns, tokens } = teamLimits;
  const most = numberOf(config, "max_total_tokens");
  return {
    max_rounds: Math.min(numberOf(config, "max_rounds") ?? rounds.unlessGiven, rounds.most),
    max_turns: Math.min(numberOf(config, "max_turns") ?? turns.unlessGiven, turns.most),
    ...(most !== undefined && { max_total_tokens: Math.min(most, tokens) }),
  };
}

/** Versions that were made before these were looked at may hold anything. */
function numberOf(config: JsonObject, name: string): number | undefined {
  const value = config[name];
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;
}

interface Place {
  version: TeamVersionFound;
  rules: TeamRules;
  place: number;
  frozen: FrozenVersion["frozen"];
  /** What the team's config says. */
  maxRounds: number | undefined;
}

/** What its team gives a model to call must have room beside its agent's tools. @throws AppError TEAM_MEMBER_TOOLS */
function checkRoom(asked: { version: TeamVersionFound; place: number; tools: number; name: string | undefined }): void {
  const { version, place, tools, name: functionName } = asked;
  if (functionName === undefined || tools < mostFunctions) return;
  const { memberKey, agentId } = version.members[place]!;
  throw runtimeErrors.TEAM_MEMBER_TOOLS({ memberKey, agentId, versionId: version.id, tools, most: mostFunctions, functionName });
}

function memberAgent({ version, rules, place, frozen, maxRounds }: Place): FrozenAgent {
  const { mode, closer } = rules;
  const isLead = mode === "SUPERVISOR" && place === closer;
  const { tools, skills = [], folders } = frozen;
  const names = new Set([...tools, ...skills].map(({ name }) => name).concat(folders?.read ?? [], folders?.run ?? []));
  const ask = isLead && rules.workers.length > 0 ? { ask: delegation(version, rules, freeName("delegate", names)) } : {};
  const ends = mode === "ROUND_ROBIN" && place !== closer ? { conclude: conclusion(freeName("conclude", names)) } : {};
  checkRoom({ version, place, tools: functionsOffered(frozen).length, name: ask.ask?.name ?? ends.conclude?.name });
  const team = { key: version.members[place]!.memberKey, note: noteOf(version, rules, place), ...ask, ...ends, same_asks: sameAsks };
  const limits = isLead && maxRounds !== undefined ? { ...frozen.limits, max_steps: maxRounds, steps_of: teamsSteps } : frozen.limits;
  // Who is asked by a supervisor is given its task; the others know the conversation that the team is part of.
  return { ...frozen, limits, team, history: mode !== "SUPERVISOR" || isLead };
}

function delegation({ members }: TeamVersionFound, { workers }: TeamRules, name: string): NonNullable<FrozenAgent["team"]>["ask"] {
  const asked = workers.map((place) => ({ key: members[place]!.memberKey, place }));
  const member = { type: "string", enum: asked.map(({ key }) => key), description: "Who is asked." };
  const task = { type: "string", description: "What the member is to do, with all that it has to know: it sees nothing else." };
  const parameters = { type: "object", properties: { member, task }, required: ["member", "task"], additionalProperties: false };
  const description =
    "Gives a member of your team a task, and answers what it has made of it. Call it several times at once for tasks that do not wait for each other.";
  return { name, description, parameters, members: asked };
}

function conclusion(name: string): NonNullable<FrozenAgent["team"]>["conclude"] {
  const answer = { type: "string", description: "The answer of the whole team." };
  const parameters = { type: "object", properties: { answer }, required: ["answer"], additionalProperties: false };
  return { name, description: "Ends the conversation of your team: the work is done.", parameters };
}

function noteOf(version: TeamVersionFound, rules: TeamRules, place: number): string {
  const { members, objective } = version;
  const { memberKey, role, responsibility } = members[place]!;
  const others = members.filter((_, other) => other !== place).map(lineOf);
  return [
    `You are ${memberKey}, the ${role} of a team. What the team is there for: ${objective}`,
    ...(responsibility ? [`You take care of: ${responsibility}`] : []),
    ...(others.length === 0 ? [] : [`The other members:\n${others.join("\n")}`]),
    wayOf(version, rules, place),
  ].join("\n\n");
}

function lineOf({ memberKey, role, responsibility }: Member): string {
  return `- ${memberKey} (${role})${responsibility ? `: ${responsibility}` : ""}`;
}

/** How they work together, as this member sees it. */
function wayOf({ members }: TeamVersionFound, { mode, closer, workers }: TeamRules, place: number): string {
  const isCloser = place === closer;
  switch (mode) {
    case "SUPERVISOR":
      if (!isCloser) return `Do the task that ${members[closer ?? 0]!.memberKey} gives you. Your answer goes back there.`;
      return workers.length === 0
        ? "There is nobody whom you could ask: answer yourself."
        : "You lead it: give the others their tasks, judge what they make of them, and give the answer yourself.";
    case "SEQUENTIAL":
      return "The members work one after the other, each on what the one before has made. What the last one answers is the answer of the team.";
    case "PARALLEL":
      return isCloser
        ? "The members work side by side. When you are shown what they have answered, make one answer of it: that of the team."
        : "The members work side by side, and one of you makes one answer of all.";
    case "ROUND_ROBIN":
      if (isCloser)
        return "The others debate, and you are the judge: when you are shown what they have said, decide, and give the answer of the team.";
      return closer === undefined
        ? "The members take turns on one conversation. Whoever finds that the work is done ends it with the answer of the team."
        : `The members debate, in turns, and ${members[closer]!.memberKey} judges. Whoever has nothing more to say ends it.`;
  }
}
