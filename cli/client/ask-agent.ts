/** Asks agents from the terminal, once or in a conversation. */
import { createClient, type GraphClient } from "#codegen/client/client.ts";
import { cliErrors } from "../errors.ts";
import { agentByCode, appByCode, createAgentRun, createApp, createSession } from "./documents.ts";
import { showRun, type ShowOptions, type ShownRun } from "./follow.ts";

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

/** The app that conversations of the terminal are in. */
const chatApp = { code: "agent-chat", name: "Chats with agents" };
const defaultUser = "terminal";

/** Asks an agent once and shows its work. @throws AppError AGENT_CODE_UNKNOWN, those of showRun */
export async function askAgent(options: AgentOptions, text: string): Promise<ShownRun> {
  const client = clientOf(options);
  try {
    return await ask(client, options, { agentId: await agentId(client, options.code), text });
  } finally {
    await client.close();
  }
}

/**
 * Asks an agent with each line, in a session of its own, so that it knows what was said before. An answer that failed ends nothing.
 *
 * @throws AppError AGENT_CODE_UNKNOWN, those of showRun
 */
export async function chatWithAgent(options: AgentOptions, lines: AsyncIterable<string>): Promise<void> {
  const client = clientOf(options);
  const { write, isJson } = options;
  const prompt = () => !isJson && write("> ");
  try {
    const id = await agentId(client, options.code);
    const sessionId = await newSession(client, options.userId ?? defaultUser);
    prompt();
    for await (const line of lines) {
      const text = line.trim();
      if (text !== "") {
        const { run, isFailureShown } = await ask(client, options, { agentId: id, text, sessionId });
        if (!isJson && run.status !== "COMPLETED" && !isFailureShown) write(`${run.status}: ${run.errorMessage ?? ""}\n`);
      }
      prompt();
    }
  } finally {
    await client.close();
  }
}

function clientOf({ url, tenant, apiKey }: AgentOptions): GraphClient {
  return createClient({ url, tenantId: tenant, apiKey });
}

async function agentId(client: GraphClient, code: string): Promise<string> {
  const { agentByCode: agent } = await client.query(agentByCode, { code });
  if (agent == null) throw cliErrors.AGENT_CODE_UNKNOWN({ code });
  return agent.id;
}

async function ask(
  client: GraphClient,
  options: AgentOptions,
  asked: { agentId: string; text: string; sessionId?: string },
): Promise<ShownRun> {
  const { userId, isDry } = options;
  const { text: inputText, ...more } = asked;
  const input = { ...more, inputText, userId: userId ?? defaultUser, dryRun: isDry === true };
  const { createAgentRun: made } = await client.mutate(createAgentRun, { input });
  return showRun(client, made!.id, options);
}

async function newSession(client: GraphClient, userId: string): Promise<string> {
  const known = await client.query(appByCode, { code: chatApp.code });
  const appId = known.appByCode?.id ?? (await client.mutate(createApp, { input: chatApp })).createApp!.id;
  const { createSession: session } = await client.mutate(createSession, { input: { appId, userId, channelType: "terminal" } });
  return session!.id;
}
