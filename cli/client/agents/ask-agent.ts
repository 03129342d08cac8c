/** Asks agents in the terminal, and shows their work as it happens. */
import { createClient, type GraphClient } from "#codegen/client/client.ts";
import { cliErrors } from "../../errors.ts";
import { agentByCode, createAgentRun } from "../documents.ts";
import { showRun, type ShowOptions, type ShownRun } from "../follow.ts";

/** Which agent, where, and how its work is shown. */
export interface AgentOptions extends ShowOptions {
  /** The agent's. */
  code: string;
  url: string;
  tenant?: string | undefined;
  apiKey?: string | undefined;
  /** Whose memories it uses. */
  userId?: string | undefined;
  isDry?: boolean | undefined;
}

/** Whose memories are used where nobody is named. */
export const defaultUser = "terminal";

/** Asks an agent once and shows its work. @throws AppError AGENT_CODE_UNKNOWN, those of showRun */
export async function askAgent(options: AgentOptions, text: string): Promise<ShownRun> {
  const client = clientOf(options);
  try {
    const runId = await createRunOf(client, options, { agentId: await agentIdOf(client, options.code), text });
    return await showRun(client, runId, options);
  } finally {
    await client.close();
  }
}

/** A client of the graph that the agent is in. */
export function clientOf({ url, tenant, apiKey }: AgentOptions): GraphClient {
  return createClient({ url, tenantId: tenant, apiKey });
}

/** @throws AppError AGENT_CODE_UNKNOWN */
export async function agentIdOf(client: GraphClient, code: string): Promise<string> {
  const { agentByCode: agent } = await client.query(agentByCode, { code });
  if (agent == null) throw cliErrors.AGENT_CODE_UNKNOWN({ code });
  return agent.id;
}

/** Asks an agent. @returns the id of the run */
export async function createRunOf(
  client: GraphClient,
  { userId, isDry }: AgentOptions,
  { text: inputText, ...asked }: { agentId: string; text: string; sessionId?: string },
): Promise<string> {
  const input = { ...asked, inputText, userId: userId ?? defaultUser, dryRun: isDry === true };
  const { createAgentRun: made } = await client.mutate(createAgentRun, { input });
  return made!.id;
}
