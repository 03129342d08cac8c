/** What a subgraph gives for ids of its entities, asked of it as the router asks: through `_entities`, with everything that lies beneath. */
import { getNamedType, isLeafType, isObjectType, isRequiredArgument, print, type GraphQLObjectType, type GraphQLUnionType } from "graphql";
import { EndpointRegistry } from "#shared/endpoint/caller.ts";
import { createLog } from "#shared/log.ts";
import { createSecretBox } from "#shared/secret/secrets.ts";
import { openSubgraph, type RunningSubgraph } from "#shared/graphql/subgraph.ts";
import { allSubgraphs } from "../../cli/compose/subgraphs.ts";
import type { TestPlatform } from "./platform.ts";
import { localHints } from "./subgraph.ts";

/** Opens the platform's subgraphs, the router's own too, a second time on its database: there they can be asked without the router. */
export async function openSubgraphs({ env, database }: TestPlatform): Promise<RunningSubgraph[]> {
  const call = new EndpointRegistry();
  const secrets = createSecretBox(env.encryptionKey!);
  const rest = { env, log: createLog(env, "test"), hints: localHints(), call, secrets, databaseUrl: database.url };
  const opened: RunningSubgraph[] = [];
  for (const load of Object.values(allSubgraphs())) opened.push(await openSubgraph(await load(), rest));
  for (const subgraph of opened) call.register(subgraph);
  return opened;
}

/** The types that a subgraph resolves references of. */
export function referencedTypes({ schema }: RunningSubgraph): GraphQLObjectType[] {
  const types = (schema.getType("_Entity") as GraphQLUnionType).getTypes();
  return types.filter(({ astNode }) => !/resolvable: false/.test(print(astNode!)));
}

/** Asks for one entity; null where there is none for the tenant. @throws Error where the answer has errors */
export async function resolveReference(
  subgraph: RunningSubgraph,
  { type, id, tenantId }: { type: GraphQLObjectType; id: string; tenantId: string },
): Promise<object | null> {
  const query = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on ${type.name} ${selection(type, 3)} } }`;
  const variables = { of: [{ __typename: type.name, id }] };
  const { data, errors } = await subgraph.execute({ query, variables, info: { tenantId, requestId: "test" } });
  if (errors || !data) throw new Error(JSON.stringify({ query, errors }));
  return (data["_entities"] as [object | null])[0];
}

/** Everything that can be asked for without arguments, so deep; of pages only what is in them. */
function selection(type: GraphQLObjectType, depth: number): string {
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const inner = getNamedType(field.type);
    if (field.args.some(isRequiredArgument) || inner.name === "PageInfo") return [];
    if (isLeafType(inner)) return [field.name];
    if (depth === 0 || !isObjectType(inner)) return [];
    // A page and its edges are no step further.
    const isPart = /(Connection|Edge)$/.test(inner.name);
    return [`${field.name} ${selection(inner, isPart ? depth : depth - 1)}`];
  });
  return `{ __typename ${fields.join(" ")} }`;
}
