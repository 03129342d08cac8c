import { checkText, excerpt } from "#shared/fields.ts";
import { CoordinationMode } from "./coordination-mode.ts";
import { teamErrors } from "./errors.ts";
import type { TeamMemberInput } from "./team-version.inputs.ts";

const memberKeyPattern = /^[A-Za-z0-9_-]{1,64}$/;
const maxMembers = 50;
const supervisorRole = "supervisor";

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
 * @throws AppError MEMBER_COUNT_INVALID, MEMBER_KEY_INVALID, MEMBER_KEY_DUPLICATE, SUPERVISOR_COUNT_INVALID
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
  return {
    memberKey,
    agentId,
    role: checkText(`${field}.role`, role, { min: 1, max: 200 }),
    responsibility: responsibility == null ? null : checkText(`${field}.responsibility`, responsibility, { max: 5_000 }),
  };
}
