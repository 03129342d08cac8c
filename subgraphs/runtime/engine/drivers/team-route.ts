/**
 * What the rows of a team say beside how they ended, in their routes, so that whoever has the rows knows whom a supervisor has asked and what all of them
 * have used, without what any of them put out: `calls:3~0=2,2=0+1500.20/1` of a model call, `turn+5000.230/7` of a member,
 * `called+300.20/0` of a skill that has asked a model.
 */

/** Tokens of model calls. */
export interface TokenUse {
  promptTokens: number;
  completionTokens: number;
}

/** What a team has used, or a part of it: model calls that were begun, and tokens of those that were answered. */
export interface TeamUse extends TokenUse {
  turns: number;
}

/** A route, read. */
export interface TeamRoute extends TeamUse {
  /** How it ended, as a route of an agent in no team says it; of a member `turn`, `done` or `dry`, of one that failed `error`. */
  word: string | undefined;
  /** By the places of the calls of a model call, those of the members that they ask. */
  asks: ReadonlyMap<number, number>;
}

const nobody: ReadonlyMap<number, number> = new Map();

/** Writes one. */
export function teamRoute(word: string, { turns, promptTokens, completionTokens }: TeamUse, asks = nobody): string {
  const asked = asks.size === 0 ? "" : `~${[...asks].map(([call, member]) => `${call}=${member}`).join(",")}`;
  return `${word}${asked}+${promptTokens}.${completionTokens}/${turns}`;
}

/** Of what has used nothing. */
export const noUse: TeamUse = { turns: 0, promptTokens: 0, completionTokens: 0 };

/** Reads one; of one that says no more it is the word. */
export function readTeamRoute(route: string | undefined): TeamRoute {
  // As those of an agent in no team are.
  if (route === undefined || /^\w[\w:@]*$/.test(route)) return { word: route, asks: nobody, ...noUse };
  const [, word, asked, prompt = "0", completion = "0", turns = "0"] =
    /^([^~+]*)(?:~([\d=,]+))?(?:\+(\d{1,15})\.(\d{1,15})\/(\d{1,9}))?$/.exec(route) ?? [];
  const pairs = asked?.split(",").map((pair): [number, number] => {
    const [call, member] = pair.split("=");
    return [Number(call), Number(member)];
  });
  const asks = pairs === undefined ? nobody : new Map(pairs);
  const use = { turns: Number(turns), promptTokens: Number(prompt), completionTokens: Number(completion) };
  return { word, asks, ...use };
}
