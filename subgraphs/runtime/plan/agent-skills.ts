/**
 * The skills that an agent is offered: its version's, then what is installed for it, its team, the app or the user of its run, and the tenant. They are frozen when the run is
 * created: what is uninstalled later is gone from new runs alone.
 */
import { AppError } from "#shared/errors.ts";
import type { JsonObject } from "#shared/json.ts";
import { findOfferedSkills, type OfferedSkillFound, type SkillPlace } from "../client/skill.client.ts";
import { findBindings, type BindingFound } from "../client/tool.client.ts";
import { runtimeErrors } from "../errors.ts";
import type { FrozenAgent } from "../nodes/agent/agent-frozen.ts";
import { scriptsOf } from "../nodes/skill/skill-folder.ts";
import type { FrozenSkill } from "../nodes/skill/skill-frozen.ts";
import type { AgentPlaces, AgentQuestion } from "./agent-question.ts";
import { freeName, parametersOf } from "./function-names.ts";
import { bindingIds, frozenSkill, type SkillContent } from "./skill-versions.ts";

/** Functions of an agent, tools and skills together. Tools are all offered; skills as far as there is room. */
const mostFunctions = 64;

/** What is asked of an agent's skills. */
export interface SkillsQuestion {
  agentId: string;
  skillIds: readonly string[];
  places: AgentPlaces;
  /** Names of its tools. */
  names: readonly string[];
}

/** The part of a frozen agent that its skills are. */
export type FrozenSkills = Pick<FrozenAgent, "skills" | "folders" | "left_out">;

/** @throws AppError SKILL_NOT_FOUND, SKILL_ARCHIVED, SKILL_VERSION_NOT_PUBLISHED, TOOL_… for a skill that the agent's version names; one that is installed is left out then */
export async function freezeAgentSkills(asked: AgentQuestion, question: SkillsQuestion): Promise<FrozenSkills> {
  const { agentId, skillIds, places, names } = question;
  const installed = placesOf(asked.info.tenantId, agentId, places);
  const found = await findOfferedSkills(asked.call, asked.info, { skillIds: [...skillIds], places: installed });
  const contents = new Map(found.flatMap((skill) => contentOf(skill) ?? []).map((content) => [content.skill.id, content]));
  const bindings = await findBindings(asked.call, asked.info, bindingIds([...contents.values()]));
  for (const id of skillIds) if (!found.some((skill) => skill.id === id)) throw runtimeErrors.SKILL_NOT_FOUND({ id });
  const offer = new SkillOffer(names);
  for (const skill of found) {
    const frozen = frozenOrWhy(skill, contents.get(skill.id), bindings);
    if (typeof frozen === "string") offer.leaveOut(skill.code, frozen);
    else offer.add(frozen);
  }
  return offer.frozen();
}

function placesOf(tenantId: string, agentId: string, { teamId, appId, userId }: AgentPlaces): SkillPlace[] {
  const place = (installScope: SkillPlace["installScope"], scopeId: string | null | undefined): SkillPlace[] =>
    scopeId == null || scopeId === "" ? [] : [{ installScope, scopeId }];
  return [
    ...place("AGENT", agentId),
    ...place("TEAM", teamId),
    ...place("APP", appId),
    ...place("USER", userId),
    ...place("TENANT", tenantId),
  ];
}

function contentOf(skill: OfferedSkillFound): SkillContent | undefined {
  const { versionId, runtimeType, parameterSchema, outputSchema, implementation } = skill;
  if (versionId == null || runtimeType == null || implementation == null) return undefined;
  const schemas = { parameterSchema: parameterSchema as JsonObject, outputSchema: outputSchema as JsonObject };
  return { skill, versionId, runtimeType, ...schemas, implementation: implementation as JsonObject };
}

/** A skill as it is frozen, or why it is left out. What the author named is refused instead, as a tool is. */
function frozenOrWhy(
  { id, installed, archived, deleted, beyond }: OfferedSkillFound,
  content: SkillContent | undefined,
  bindings: readonly BindingFound[],
): FrozenSkill | string {
  try {
    if (deleted) throw runtimeErrors.SKILL_NOT_FOUND({ id });
    if (archived) throw runtimeErrors.SKILL_ARCHIVED({ id });
    if (beyond) return "the skills before it take all the room that there is";
    if (content === undefined) throw runtimeErrors.SKILL_VERSION_NOT_PUBLISHED({ id });
    return frozenSkill(content, bindings);
  } catch (error) {
    if (installed && error instanceof AppError) return error.reason;
    throw error;
  }
}

/** Names and counts the functions that skills become. */
class SkillOffer {
  readonly #taken: Set<string>;
  readonly #skills: NonNullable<FrozenSkills["skills"]> = [];
  readonly #folders: NonNullable<FrozenSkills["folders"]>["list"] = [];
  readonly #leftOut: NonNullable<FrozenSkills["left_out"]> = [];
  #functions: number;

  constructor(names: readonly string[]) {
    this.#taken = new Set(names);
    this.#functions = names.length;
  }

  leaveOut(code: string, why: string): void {
    this.#leftOut.push({ code, why });
  }

  add(skill: FrozenSkill): void {
    const isFolder = skill.runtime_type === "FOLDER";
    if (this.#functions + this.#needed(skill) > mostFunctions)
      return this.leaveOut(skill.code, `an agent has ${mostFunctions} functions at most`);
    this.#functions += this.#needed(skill);
    if (isFolder) this.#addFolder(skill);
    else this.#addFunction(skill);
  }

  /** Folders share two functions: one reads, and one runs their scripts. */
  #needed({ runtime_type: type }: FrozenSkill): number {
    if (type !== "FOLDER") return 1;
    return this.#folders.length === 0 ? 2 : 0;
  }

  #addFunction(skill: FrozenSkill): void {
    const name = freeName(skill.code, this.#taken);
    const told = { ...(skill.description !== undefined && { description: skill.description }), parameters: parametersOf(skill.parameters) };
    this.#skills.push({ name, ...told, skill });
  }

  #addFolder({ code, version_id, implementation, description }: FrozenSkill): void {
    const { name, description: told } = implementation;
    const names = new Set(this.#folders.map((folder) => folder.name));
    const about = typeof told === "string" ? told : (description ?? "");
    this.#folders.push({ name: freeName(typeof name === "string" ? name : code, names), about, code, version_id, implementation });
  }

  /** What it comes to; of an agent without skills nothing is written. */
  frozen(): FrozenSkills {
    return {
      ...(this.#skills.length > 0 && { skills: this.#skills }),
      ...(this.#folders.length > 0 && { folders: this.#folderFunctions() }),
      ...(this.#leftOut.length > 0 && { left_out: this.#leftOut }),
    };
  }

  #folderFunctions(): FrozenSkills["folders"] {
    const isProgram = this.#folders.some((folder) => scriptsOf(folder).length > 0);
    const read = freeName("read_skill", this.#taken);
    return { read, ...(isProgram && { run: freeName("run_skill_script", this.#taken) }), list: this.#folders };
  }
}
