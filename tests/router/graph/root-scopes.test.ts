import { readFileSync } from "node:fs";
import { getNamedType, isObjectType } from "graphql";
import { adminScope, scopePresets, tenantScopes } from "#shared/scopes.ts";
import { openFields, rootScopesOf } from "../../../router/graph/root-scopes.ts";
import { loadSupergraph } from "../../../router/graph/supergraph.ts";

const graph = loadSupergraph(readFileSync(new URL("../../../codegen/supergraph.graphql", import.meta.url), "utf8"));
const scopes = rootScopesOf(graph.supergraph.schema);
const { apiSchema } = graph;
const rootFields = [apiSchema.getQueryType(), apiSchema.getMutationType(), apiSchema.getSubscriptionType()].flatMap((type) =>
  Object.keys(isObjectType(type) ? type.getFields() : {}).map((name) => [type!.name.toLowerCase(), name] as const),
);

describe("the scopes of the graph", () => {
  it("hold for every root field but those that are open by name", () => {
    expect([...openFields]).toEqual(["__typename", "services"]);
    const without = rootFields.filter(([type, name]) => scopes.get(`${type}.${name}`) === adminScope).map(([, name]) => name);
    // The second is the operator's, and says so.
    expect(without).toEqual(["services", "setTenantQuota"]);
    expect(rootFields.length).toBeGreaterThan(120);
  });

  it("are those of the list, each of which some field asks for", () => {
    const asked = new Set(scopes.values());
    asked.delete(adminScope);
    expect([...asked].sort()).toEqual([...tenantScopes].sort());
  });

  it("let a reader change nothing: no mutation, and no subscription that starts something, asks for a :read", () => {
    const reading = rootFields.filter(([type, name]) => type === "mutation" && scopes.get(`${type}.${name}`)!.endsWith(":read"));
    expect(reading).toEqual([]);
    expect(scopes.get("subscription.startRun")).toBe("run:write");
    for (const scope of scopePresets["reader"]!) expect(scope).toMatch(/:read$/);
    for (const preset of Object.values(scopePresets)) expect(preset).not.toContain("key:write");
  });

  it("are asked for where a type leads to keys and audits only", () => {
    // Keys and audits are on no other type: a scope of a root field would not be asked for there. An audit tells of the key that asked.
    const leading = Object.values(apiSchema.getTypeMap())
      .filter(isObjectType)
      .flatMap((type) => Object.values(type.getFields()).map((field) => `${type.name}.${field.name}: ${getNamedType(field.type).name}`))
      .filter(
        (line) =>
          /: (ApiKey|RequestAudit)(Connection)?$/.test(line) && !/^(ApiKey|RequestAudit)(Connection|Edge)\.|^CreatedApiKey\./.test(line),
      );
    expect(leading.sort()).toEqual([
      "Mutation.updateApiKeyStatus: ApiKey",
      "Query.apiKey: ApiKey",
      "Query.apiKeys: ApiKeyConnection",
      "Query.requestAudit: RequestAudit",
      "Query.requestAudits: RequestAuditConnection",
      "RequestAudit.apiKey: ApiKey",
    ]);
  });
});
