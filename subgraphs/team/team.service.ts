import { LockMode } from "@mikro-orm/core";
import { databaseNow } from "#shared/database-time.ts";
import type { Tx } from "#shared/db/database.ts";
import { onDuplicate } from "#shared/db/errors.ts";
import { checkCode, checkDescription, checkName, checkText, given } from "#shared/fields.ts";
import { newId } from "#shared/ids.ts";
import type { TeamContext } from "./team.context.ts";
import { Team, TeamStatus } from "./team.entity.ts";
import type { CreateTeamInput, UpdateTeamInput } from "./team.inputs.ts";
import { teamErrors } from "./errors.ts";

/** Makes a team. @throws AppError TEAM_CODE_TAKEN */
export async function createTeam({ db }: TeamContext, input: CreateTeamInput): Promise<Team> {
  const code = checkCode("code", input.code);
  const teamType = checkText("teamType", input.teamType ?? "collaborative", { min: 1, max: 64 });
  const now = databaseNow();
  const fields = {
    id: newId(),
    tenantId: db.tenantId,
    code,
    teamType,
    name: checkName(input.name),
    description: checkDescription(input.description),
  };
  return onDuplicate(
    "team_code",
    (cause) => teamErrors.TEAM_CODE_TAKEN({ field: "code", value: code }, { cause }),
    () =>
      db.transaction(async ({ em }) =>
        em.create(Team, { ...fields, status: TeamStatus.ACTIVE, createdAt: now, updatedAt: now, deletedAt: null }),
      ),
  );
}

/** Changes what is given. @throws AppError TEAM_NOT_FOUND */
export async function updateTeam({ db }: TeamContext, id: string, input: UpdateTeamInput): Promise<Team> {
  return db.transaction(async (tx) => {
    const team = await lockTeam(tx, id);
    if (given(input.name)) team.name = checkName(input.name);
    if (input.description !== undefined) team.description = checkDescription(input.description);
    if (given(input.status)) team.status = input.status;
    team.updatedAt = databaseNow();
    return team;
  });
}

/** Deletes a team; its versions stay for what points to them. @throws AppError TEAM_NOT_FOUND */
export async function deleteTeam({ db }: TeamContext, id: string): Promise<Team> {
  return db.transaction(async (tx) => {
    const team = await lockTeam(tx, id);
    team.deletedAt = team.updatedAt = databaseNow();
    return team;
  });
}

/** The team, locked, unless it was deleted. @throws AppError TEAM_NOT_FOUND */
export async function lockTeam({ em }: Tx, id: string): Promise<Team> {
  const team = await em.findOne(Team, { id, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (team === null) throw teamErrors.TEAM_NOT_FOUND({ id });
  return team;
}
