import { checkText, excerpt } from "#shared/fields.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { CoordinationMode } from "./coordination-mode.ts";
import { teamErrors } from "./errors.ts";
import type { TeamMemberInput } from "./team-version.inputs.ts";

const memberKeyPattern = /^[A-Za-z0-9_-]{1,64}$/;
const maxMembers = 50;
const supervisorRole = "supervisor";
/** Ids of node runs beside those of members. */
const reservedKeys = ["model", "tool", "input", "compact", "memory", "member"];
/** What a team's config may say, as whole numbers from 1 on. */
const numbers = { max_rounds: 100, max_turns: 500, max_total_tokens: 1_000_000_000 } as const;

/** A member as it is stored. */
export interface CheckedMember {
  memberKey: string;
  agentId: string;
  role: string;
  responsibility: string | null;
}

/**
 * The members of a version, in their order; whether their agents are there is asked of the agent subgraph.
 *
 * @throws AppError MEMBER_COUNT_INVALID, MEMBER_KEY_INVALID, MEMBER_KEY_RESERVED, MEMBER_KEY_DUPLICATE, SUPERVISOR_COUNT_INVALID
 */
export function checkMembers(mode: CoordinationMode, members: readonly TeamMemberInput[]): CheckedMember[] {
  const { length: count } = members;
  if (count < 1 || count > maxMembers) throw teamErrors.MEMBER_COUNT_INVALID({ field: "members", count, min: 1, max: maxMembers });
  const checked = members.map(checkMember);
  const duplicate = checked.findIndex(({ memberKey }, index) => checked.findIndex((other) => other.memberKey === memberKey) < index);
  if (duplicate >= 0)
    throw teamErrors.MEMBER_KEY_DUPLICATE({ field: `members[${duplicate}].memberKey`, value: checked[duplicate]!.memberKey });
  const supervisors = checked.filter((member) => member.role === supervisorRole).length;
  if (mode === CoordinationMode.SUPERVISOR && supervisors !== 1) {
    throw teamErrors.SUPERVISOR_COUNT_INVALID({ field: "members", count: supervisors });
  }
  return checked;
}

function checkMember({ memberKey, agentId, role, responsibility }: TeamMemberInput, index: number): CheckedMember {
  const field = `members[${index}]`;
  if (!memberKeyPattern.test(memberKey)) {
    throw teamErrors.MEMBER_KEY_INVALID({ field: `${field}.memberKey`, value: excerpt(memberKey) });
  }
  if (reservedKeys.includes(memberKey))
    throw teamErrors.MEMBER_KEY_RESERVED({ field: `${field}.memberKey`, value: memberKey, reserved: reservedKeys });
  return {
    memberKey,
    agentId,
    role: checkText(`${field}.role`, role, { min: 1, max: 200 }),
    responsibility: responsibility == null ? null : checkText(`${field}.responsibility`, responsibility, { max: 5_000 }),
  };
}

/**
 * Looks at what the platform reads of a version's config; other keys are the client's.
 *
 * @throws AppError TEAM_CONFIG_INVALID
 */
export function checkConfig(mode: CoordinationMode, config: JsonObject, members: readonly CheckedMember[]): void {
  for (const [name, most] of Object.entries(numbers)) {
    const value = config[name];
    if (value === undefined || (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most)) continue;
    throw refused(name, value, `give a whole number from 1 to ${most}, or leave it out.`);
  }
  const { judge } = config;
  if (judge === undefined) return;
  if (mode !== CoordinationMode.ROUND_ROBIN)
    throw refused("judge", judge, `only ROUND_ROBIN has a judge, and the mode is ${mode}. Leave it out, or change the mode.`);
  const keys = members.map(({ memberKey }) => memberKey);
  if (typeof judge !== "string" || !keys.includes(judge)) throw refused("judge", judge, `give the key of a member: ${keys.join(", ")}.`);
  if (members.length < 2) throw refused("judge", judge, "there is nobody else to judge. Add a member.");
}

function refused(name: string, value: Json, problem: string): Error {
  return teamErrors.TEAM_CONFIG_INVALID({ field: `config.${name}`, value: excerpt(JSON.stringify(value)), problem });
}
