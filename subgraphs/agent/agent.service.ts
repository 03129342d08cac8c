import { LockMode } from "@mikro-orm/core";
import { databaseNow } from "#shared/database-time.ts";
import type { Tx } from "#shared/db/database.ts";
import { onDuplicate } from "#shared/db/errors.ts";
import { checkCode, checkDescription, checkName, checkText, given } from "#shared/fields.ts";
import { newId } from "#shared/ids.ts";
import type { AgentContext } from "./agent.context.ts";
import { Agent, AgentStatus } from "./agent.entity.ts";
import type { CreateAgentInput, UpdateAgentInput } from "./agent.inputs.ts";
import { agentErrors } from "./errors.ts";

/** Makes an agent. @throws AppError AGENT_CODE_TAKEN */
export async function createAgent({ db }: AgentContext, input: CreateAgentInput): Promise<Agent> {
  const code = checkCode("code", input.code);
  const agentType = checkText("agentType", input.agentType ?? "assistant", { min: 1, max: 64 });
  const now = databaseNow();
  const fields = {
    id: newId(),
    tenantId: db.tenantId,
    code,
    agentType,
    name: checkName(input.name),
    description: checkDescription(input.description),
  };
  return onDuplicate(
    "agent_code",
    (cause) => agentErrors.AGENT_CODE_TAKEN({ field: "code", value: code }, { cause }),
    () =>
      db.transaction(async ({ em }) =>
        em.create(Agent, { ...fields, status: AgentStatus.ACTIVE, createdAt: now, updatedAt: now, deletedAt: null }),
      ),
  );
}

/** Changes what is given. @throws AppError AGENT_NOT_FOUND */
export async function updateAgent({ db }: AgentContext, id: string, input: UpdateAgentInput): Promise<Agent> {
  return db.transaction(async (tx) => {
    const agent = await lockAgent(tx, id);
    if (given(input.name)) agent.name = checkName(input.name);
    if (input.description !== undefined) agent.description = checkDescription(input.description);
    if (given(input.status)) agent.status = input.status;
    agent.updatedAt = databaseNow();
    return agent;
  });
}

/** Deletes an agent; its versions stay for what points to them, teams included. @throws AppError AGENT_NOT_FOUND */
export async function deleteAgent({ db }: AgentContext, id: string): Promise<Agent> {
  return db.transaction(async (tx) => {
    const agent = await lockAgent(tx, id);
    agent.deletedAt = agent.updatedAt = databaseNow();
    return agent;
  });
}

/** The agent, locked, unless it was deleted. @throws AppError AGENT_NOT_FOUND */
export async function lockAgent({ em }: Tx, id: string): Promise<Agent> {
  const agent = await em.findOne(Agent, { id, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (agent === null) throw agentErrors.AGENT_NOT_FOUND({ id });
  return agent;
}
