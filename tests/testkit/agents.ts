/** Agents and their tools, as tests make them through the graph. */
import type { Json, JsonObject } from "#shared/json.ts";
import { ask, type AskedPlatform } from "./graph.ts";

let serial = 0;

/** A code that no other test has. */
function freeCode(prefix: string): string {
  return `${prefix}-${Date.now().toString(36)}-${serial++}`;
}

/** Makes a tool that posts its arguments to a URL. @param tool.config  of its binding. @returns the id of a binding of it, and the name that models call it by. */
export async function makeTool(
  platform: AskedPlatform,
  { url, inputSchema = {}, code = freeCode("tool"), config }: { url: string; inputSchema?: JsonObject; code?: string; config?: JsonObject },
  headers?: Record<string, string>,
): Promise<{ bindingId: string; name: string }> {
  const { createTool } = await ask<{ createTool: { id: string } }>(
    platform,
    `mutation ($code: String!) { createTool(input: { code: $code, name: "Test tool", toolType: HTTP, description: "Does it." }) { id } }`,
    { code },
    headers,
  );
  const toolId = createTool.id;
  const invokeConfig = { url, method: "POST" };
  await ask(
    platform,
    `mutation ($input: CreateToolVersionInput!) { createToolVersion(input: $input) { id } }`,
    { input: { toolId, inputSchema, invokeConfig } },
    headers,
  );
  const { createToolBinding } = await ask<{ createToolBinding: { id: string } }>(
    platform,
    `mutation ($input: CreateToolBindingInput!) { createToolBinding(input: $input) { id } }`,
    { input: { toolId, name: "Test binding", ...(config && { config }) } },
    headers,
  );
  return { bindingId: createToolBinding.id, name: code };
}

/** Makes an agent with one version, published unless told otherwise. */
export async function makeAgent(
  platform: AskedPlatform,
  version: JsonObject = {},
  headers?: Record<string, string>,
): Promise<{ agentId: string; versionId: string; code: string }> {
  const code = freeCode("agent");
  const { createAgent } = await ask<{ createAgent: { id: string } }>(
    platform,
    `mutation ($code: String!) { createAgent(input: { code: $code, name: "Test agent" }) { id } }`,
    { code },
    headers,
  );
  const agentId = createAgent.id;
  const input = { agentId, status: "PUBLISHED", role: "tester", ...version };
  const { createAgentVersion } = await ask<{ createAgentVersion: { id: string } }>(
    platform,
    `mutation ($input: CreateAgentVersionInput!) { createAgentVersion(input: $input) { id } }`,
    { input },
    headers,
  );
  return { agentId, versionId: createAgentVersion.id, code };
}

/** Asks an agent. @returns the id of the run */
export async function askAgent(
  platform: AskedPlatform,
  agentId: string,
  inputText: string,
  more: JsonObject = {},
  headers?: Record<string, string>,
): Promise<string> {
  const { createAgentRun } = await ask<{ createAgentRun: { id: string } }>(
    platform,
    `mutation ($input: CreateAgentRunInput!) { createAgentRun(input: $input) { id } }`,
    { input: { agentId, inputText, ...more } },
    headers,
  );
  return createAgentRun.id;
}

/** A call of a tool, as a scripted model makes it. */
export function calls(...made: [name: string, args: Json][]): { toolCalls: { id: string; name: string; arguments: Json }[] } {
  return { toolCalls: made.map(([name, args]) => ({ id: `call-${serial++}`, name, arguments: args })) };
}
