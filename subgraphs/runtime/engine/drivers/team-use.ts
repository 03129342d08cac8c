/** What a team has used, added up from the routes of its node runs: of members that have ended these have the sums, so that what is beneath them is not needed. */
import type { AgentStep } from "./agent.driver.ts";
import { isDone, workingOf, type Frame, type NodeState } from "../frame.ts";
import { noUse, teamRoute, type TeamUse, type TokenUse } from "./team-route.ts";

/** What the node runs of a frame have used, with those beneath it: of an agent, or of a team. */
export function useOf({ agent }: Frame): TeamUse {
  const use: TeamUse = { turns: 0, promptTokens: 0, completionTokens: 0 };
  for (const [name, state] of agent?.parts ?? []) {
    const isModel = name.startsWith("model#");
    const within = state.drive?.frames.get(0);
    const part = isDone(state.phase) || within === undefined ? (agent?.routes.get(name) ?? noUse) : useOf(within);
    use.turns += isModel ? 1 : part.turns;
    use.promptTokens += part.promptTokens;
    use.completionTokens += part.completionTokens;
  }
  return use;
}

/** Whether a team that the frame is of, or is part of, has made all the model calls that it may; undefined: it may make another. */
export function limitReached(frame: Frame): Extract<AgentStep, { kind: "fail" }> | undefined {
  for (let around: Frame | undefined = frame; around !== undefined; around = around.owner?.frame) {
    const composite = workingOf(around);
    if (composite?.kind !== "team") continue;
    const { maxTurns, maxTokens } = composite.team;
    const { turns, promptTokens, completionTokens } = useOf(around);
    const tokens = promptTokens + completionTokens;
    if (turns >= maxTurns) {
      const message = `The team has made ${turns} model calls, which is its max_turns, and has come to no answer.`;
      return { kind: "fail", code: "TEAM_MAX_TURNS", message };
    }
    if (maxTokens !== undefined && tokens >= maxTokens) {
      const message = `The team's model calls have used ${tokens} tokens, and its max_total_tokens is ${maxTokens}.`;
      return { kind: "fail", code: "TEAM_BUDGET_EXCEEDED", message };
    }
  }
  return undefined;
}

/** The route with which an agent ends: a member of a team says in it what it has used. */
export function memberRoute({ frame, drive }: NodeState, word: string): string {
  const within = drive?.frames.get(0);
  return workingOf(frame)?.kind === "team" && within !== undefined ? teamRoute(word, useOf(within)) : word;
}

/** The route of a failure that is handled, of a part of an agent: of a member it has what it used, and of a skill that a member has called what that used. */
export function usedRoute(state: NodeState, word: string, usage: TokenUse | undefined): string {
  if (usage === undefined || state.node.composite !== undefined || !isOfTeam(state.frame)) return memberRoute(state, word);
  return teamRoute(word, { turns: 0, ...usage });
}

/** Stands for the route of a part of an agent that failed, and is not handled, where it has used something; it is in no row. */
export function failedRoute(usage: TokenUse | undefined): string | undefined {
  return usage && teamRoute(failedWord, { turns: 0, ...usage });
}

const failedWord = "failed";

/** Whether a frame is a team's, or one of its members'. */
function isOfTeam(frame: Frame): boolean {
  const around = workingOf(frame)?.kind === "agent" ? frame.owner?.frame : frame;
  return around !== undefined && workingOf(around)?.kind === "team";
}

/** Whether an agent is a member of a team. */
export function isMember({ frame, node }: NodeState): boolean {
  return workingOf(frame)?.kind === "team" && node.composite?.kind === "agent";
}
