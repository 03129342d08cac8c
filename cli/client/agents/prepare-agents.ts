/** The agents of a workflow file, with the tools that they call: made where the tenant has none of their codes; those that it has stay as they are. */
import type { GraphClient } from "#codegen/client/client.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import {
  agentByCode,
  createAgent,
  createAgentVersion,
  createTool,
  createToolBinding,
  createToolVersion,
  toolByCode,
} from "../documents.ts";

/** Agents by code, as createAgentVersion takes them; in the place of toolBindingIds `tools`, by code. */
export type FileAgents = Readonly<Record<string, JsonObject>>;

/** Where the tools of a file's agents are unless they say so themselves. */
export const usualToolsUrl = "http://127.0.0.1:4591";

/** Makes those that there are not. @param options.modelConfig  beside what the file says: such as a provider */
export async function prepareAgents(
  client: GraphClient,
  agents: FileAgents,
  { toolsUrl = usualToolsUrl, modelConfig = {} }: { toolsUrl?: string | undefined; modelConfig?: JsonObject | undefined } = {},
): Promise<void> {
  for (const [code, agent] of Object.entries(agents)) {
    const known = await client.query(agentByCode, { code });
    if (known.agentByCode) continue;
    const { name, tools, ...version } = agent;
    const toolBindingIds: string[] = [];
    for (const [toolCode, tool] of Object.entries(objectOf(tools)))
      toolBindingIds.push(await makeTool(client, toolCode, objectOf(tool), toolsUrl));
    const { createAgent: made } = await client.mutate(createAgent, { input: { code, name: textOf(name, code) } });
    const config = { ...objectOf(version["modelConfig"]), ...modelConfig };
    const input = { role: "", ...version, agentId: made!.id, status: "PUBLISHED" as const, modelConfig: config, toolBindingIds };
    await client.mutate(createAgentVersion, { input });
  }
}

/** @returns the id of a binding of it */
async function makeTool(client: GraphClient, code: string, tool: JsonObject, toolsUrl: string): Promise<string> {
  const { name, description, inputSchema, invokeConfig, config } = tool;
  const known = await client.query(toolByCode, { code });
  let toolId = known.toolByCode?.id;
  if (toolId === undefined) {
    const input = { code, name: textOf(name, code), description: textOf(description, ""), toolType: "HTTP" as const };
    toolId = (await client.mutate(createTool, { input })).createTool!.id;
    await client.mutate(createToolVersion, { input: { toolId, inputSchema: objectOf(inputSchema), invokeConfig: objectOf(invokeConfig) } });
  }
  const bound = { base_url: toolsUrl, ...objectOf(config) };
  return (await client.mutate(createToolBinding, { input: { toolId, name: "of a file", config: bound } })).createToolBinding!.id;
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function textOf(value: Json | undefined, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}
