/**
 * What an agent's model may call: one list, in the order of the version, so that a provider's cache of prompts sees the same bytes. Whatever becomes callable stands
 * here, and is executed by agent-tool.node.ts.
 */
import type { JsonObject } from "#shared/json.ts";
import type { FrozenAgent } from "./agent-frozen.ts";
import { folderFunctions, type FolderFunction } from "./agent-folders.ts";
import type { ModelRequest } from "../ports/model.port.ts";
import type { FrozenSkill } from "../skill/skill-frozen.ts";
import { teamFunctions } from "../team/team-calls.ts";

/** Functions that a model is offered at most, whatever they are: the model subgraph takes no more. */
export const mostFunctions = 128;

/** A function that a model may call, and what is called by it: a tool, a skill, or what reads and runs the files of folders. */
export type OfferedFunction = ToolFunction | SkillFunction | FolderFunction;

type ToolFunction = FrozenAgent["tools"][number];

/** A skill that is called as a tool is. `requires_approval`: of the tool that it calls. */
export interface SkillFunction extends Pick<FrozenSkill, "requires_approval"> {
  name: string;
  description?: string | undefined;
  parameters: JsonObject;
  skill: FrozenSkill;
}

/** What of an agent says what it offers. */
type Offering = Pick<FrozenAgent, "tools" | "skills" | "folders">;

const known = new WeakMap<Offering, readonly OfferedFunction[]>();

/** Those that are executed as tools. */
export function functionsOffered(agent: Offering): readonly OfferedFunction[] {
  let functions = known.get(agent);
  if (functions === undefined) {
    const skills = (agent.skills ?? []).map((offered): SkillFunction => {
      const { requires_approval: policy } = offered.skill;
      return { ...offered, ...(policy !== undefined && { requires_approval: policy }) };
    });
    known.set(agent, (functions = [...agent.tools, ...skills, ...folderFunctions(agent)]));
  }
  return functions;
}

/** The function of a name; undefined: the agent has none. */
export function functionNamed(agent: FrozenAgent, name: string): OfferedFunction | undefined {
  return functionsOffered(agent).find((offered) => offered.name === name);
}

const told = new WeakMap<FrozenAgent, NonNullable<ModelRequest["tools"]>>();

/** The list as a model is asked with it, with what its team gives it; made once, as each turn is asked with it. undefined: it may call nothing. */
export function functionsTold(agent: FrozenAgent): ModelRequest["tools"] {
  let list = told.get(agent);
  if (list === undefined) {
    list = [...functionsOffered(agent), ...teamFunctions(agent)].map(({ name, description, parameters }) => ({
      name,
      ...(description !== undefined && { description }),
      parameters,
    }));
    told.set(agent, list);
  }
  return list.length === 0 ? undefined : list;
}
