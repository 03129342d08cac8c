/**
 * S-7: an id that is another tenant's is as unknown as one that nobody has, to every operation that takes one: reads give null or an empty list,
 * everything else is NOT_FOUND. What a root field of the graph is not asked here it is excused from by name. Two things see to it, and each
 * alone must do: the services, which filter by tenant, and row-level security behind them. The one is asked where the other is switched off; the
 * other has tests of its own (shared/db/row-security.test.ts).
 */
import { readFileSync } from "node:fs";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { buildSchema, parse, type GraphQLObjectType } from "graphql";
import type { GraphqlRequestError } from "#codegen/client/errors.ts";
import type { RunningSubgraph } from "#shared/graphql/subgraph.ts";
import { eventually } from "../testkit/eventually.ts";
import { ask } from "../testkit/graph.ts";
import { below, fieldOf, mutations, narrowed, operation, singles, subscriptions, whole, type IdOf } from "../testkit/id-operations.ts";
import { makeOneOfEach, secretWord, type OneOfEach } from "../testkit/one-of-each.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { openSubgraphs, referencedTypes, resolveReference } from "../testkit/references.ts";

let platform: TestPlatform;
let subgraphs: RunningSubgraph[];
let theirs: OneOfEach;
let own: OneOfEach;
async function start(setup: { rowSecurity: boolean }): Promise<void> {
  platform = await startTestPlatform(setup);
  theirs = { ...(await makeOneOfEach(platform, "t1")) };
  own = await makeOneOfEach(platform, "t2");
  Object.assign(theirs, await recordsBeneath());
  subgraphs = await openSubgraphs(platform);
}
async function stop(): Promise<void> {
  for (const subgraph of subgraphs) await subgraph.close();
  await platform.stop();
}

const asOther = { "x-tenant-id": "t2" };

/** Root fields that take no id of a record, each with what keeps it within its tenant. */
const excused = {
  // Keys, and whose they are: tests/security/keys.test.ts.
  Query: [
    "apiKey",
    "apiKeys",
    // Of its tenant's memories: tests/memory/memory-vectors.test.ts.
    "memoryEmbedding",
    "modelUsage",
    "models",
    "parts",
    "requestAudits",
    "searchMemories",
    "services",
    "tenantQuota",
    "validateDsl",
  ],
  Mutation: [
    ...[
      "createAgent",
      "createApp",
      "createMemory",
      "createModelProvider",
      "createSecret",
      "createSkill",
      "createTeam",
      "createTool",
      "executeNextAgentRun",
      "executeNextTeamRun",
      "executeNextSkillRun",
      "executeNextNodeRun",
    ],
    // Passes over what is not the tenant's: tests/runtime/graph/cancel-runs.test.ts.
    "cancelRuns",
    // The same: tests/runtime/graph/delete-runs.test.ts. And the tenant's own: tests/runtime/graph/quotas.test.ts.
    ...["deleteRuns", "setTenantQuota"],
    ...["createApiKey", "rotateApiKey", "updateApiKeyStatus"],
  ],
  // Tells of its tenant's alone, whatever is asked for: tests/runtime/graph/people.test.ts.
  Subscription: ["chatCompletionStream", "waitingNodeRunAdded"],
};

/** With another's ids beside the caller's own. */
const asking = (kind: "query" | "mutation" | "subscription", field: string, ids: IdOf) =>
  operation(kind, field, { ids, own: (type) => own[type]! });

const nobody = "01890000-0000-7000-8000-000000000000";
const cases: [of: string, ids: (type: string) => string][] = [
  ["another tenant's", (type) => theirs[type]!],
  ["nobody's", (type) => (/nodeRun$/i.test(type) ? `${nobody}:reply` : nobody)],
  // None that we make looks like these, and PostgreSQL takes no text with U+0000.
  ...["no-uuid", "x".repeat(200), "", ":", "a:b", "a\u0000b", "a:b\u0000", "\ud800"].map((id): [string, () => string] => [
    id.length > 100 ? `${id.length} characters` : JSON.stringify(id),
    () => id,
  ]),
];

/** What an operation gave the caller: its data, and of each error the code and whether the reason fits. */
async function outcome({ query, variables }: { query: string; variables?: Record<string, string> }) {
  const { data, errors } = await platform.post(query, variables, asOther);
  return { data: data as unknown, errors: errors?.map(refusal) };
}

const refusal = ({ extensions }: { extensions?: Record<string, unknown> }) => [
  extensions?.["code"],
  String(extensions?.["reason"]).endsWith("_NOT_FOUND"),
];
const notFound = [["NOT_FOUND", true]];

/** Every text and status of a tenant that a mutation could change. */
async function snapshot(of: OneOfEach, tenantId: string): Promise<unknown> {
  const versions = "versions { edges { node { id status } } }";
  const query = `{
    app(id: "${of["app"]}") { name status updatedAt deletedAt ${versions} workflows { edges { node { id name updatedAt deletedAt ${versions} } } } }
    session(id: "${of.session}") { title status closedAt messages { edges { node { id content } } }
      runRequests { edges { node { id status } } } runs { edges { node { id } } } memories { edges { node { id contentText updatedAt } } } }
    runs { edges { node { id status startedAt endedAt nodeRuns { edges { node { id status workerKey } } } } } }
    tools { edges { node { id name updatedAt versions { edges { node { id } } } } } }
    toolBindings { edges { node { id name updatedAt } } }
    modelProviders { edges { node { id name updatedAt } } }
    agents { edges { node { id name updatedAt ${versions} } } }
    teams { edges { node { id name updatedAt ${versions} } } }
    skills { edges { node { id name updatedAt ${versions} installations { edges { node { id status } } } } } }
  }`;
  return ask(platform, query, {}, { "x-tenant-id": tenantId });
}

describe.each([
  ["row-level security behind the services", { rowSecurity: true }, cases],
  ["the services alone", { rowSecurity: false }, cases.slice(0, 1)],
])("kept apart by %s,", (_by, setup, asked) => {
  beforeAll(() => start(setup));
  afterAll(stop);

  describe.each(asked)("an id that is %s", (_of, ids) => {
    it("reads as null, in a list as nothing, and beneath it as NOT_FOUND", async () => {
      for (const read of singles) expect([read, await outcome(asking("query", read, ids))]).toEqual([read, { data: { it: null } }]);
      for (const list of narrowed)
        expect([list, await outcome(asking("query", list, ids))]).toEqual([list, { data: { it: { edges: [] } } }]);
      for (const list of below)
        expect([list, await outcome(asking("query", list, ids))]).toEqual([list, { data: { it: null }, errors: notFound }]);
    });

    it("is NOT_FOUND to every mutation, and changes nothing", async () => {
      const before = [await snapshot(theirs, "t1"), await snapshot(own, "t2")];
      for (const mutation of mutations)
        expect([mutation, await outcome(asking("mutation", mutation, ids))]).toEqual([mutation, { data: { it: null }, errors: notFound }]);
      expect([await snapshot(theirs, "t1"), await snapshot(own, "t2")]).toEqual(before);
    });

    it("is NOT_FOUND to every subscription", async () => {
      const client = platform.client({ tenantId: "t2" });
      for (const subscription of subscriptions) {
        const { query, variables } = asking("subscription", subscription, ids);
        const document = parse(query) as TypedDocumentNode<unknown, Record<string, string>>;
        const refused = await Array.fromAsync(client.subscribe(document, variables)).catch((error: unknown) => error);
        expect([subscription, (refused as GraphqlRequestError).errors.map(refusal)]).toEqual([subscription, notFound]);
      }
      await client.close();
    });
  });

  describe("another tenant's records", () => {
    it("are in no list, no search and no audit", async () => {
      for (const [list, types] of Object.entries(whole)) {
        const { [list]: page } = await ask<Record<string, { edges: { node: { id: string } }[] }>>(
          platform,
          `{ ${list} { edges { node { id } } } }`,
          {},
          asOther,
        );
        expect([list, page!.edges.map(({ node }) => node.id)]).toEqual([list, types.map((type) => own[type])]);
      }
      expect(await outcome({ query: `{ searchMemories(input: { query: "${secretWord}" }) { memory { id } } }` })).toEqual({
        data: { searchMemories: [{ memory: { id: own["memory"] } }] },
      });
      const audits = await outcome({ query: '{ requestAudits(filter: { rootField: "createApp" }) { edges { node { rootFields } } } }' });
      expect(audits).toEqual({ data: { requestAudits: { edges: [{ node: { rootFields: ["createApp"] } }] } } });
    });

    it("count in no figures, and lend no models", async () => {
      for (const [id, tenantId] of [
        [theirs["modelProvider"], "t1"],
        [own["modelProvider"], "t2"],
      ]) {
        const headers = { "x-tenant-id": tenantId! };
        await ask(
          platform,
          "mutation ($id: ID!, $model: String!) { updateModelProvider(id: $id, input: { defaultModel: $model }) { id } }",
          { id, model: `model of ${tenantId}` },
          headers,
        );
        // Nobody is at the provider's address: the call is counted all the same.
        await platform.post('mutation { chatCompletion(input: { messages: [{ role: USER, content: "x" }] }) { id } }', {}, headers);
      }
      expect(await outcome({ query: "{ models { name } modelUsage { key calls } }" })).toEqual({
        data: { models: [{ name: "model of t2" }], modelUsage: [{ key: "model of t2", calls: 1 }] },
      });
    });

    it("are no references that a subgraph resolves, and have nothing beneath them", async () => {
      const ids = await referenceIds();
      for (const subgraph of subgraphs) {
        for (const type of referencedTypes(subgraph)) {
          // This platform has no keys.
          if (type.name === "ApiKey") continue;
          const of = { type, id: ids[`${type.name[0]!.toLowerCase()}${type.name.slice(1)}`]! };
          const name = `${subgraph.name}: ${type.name}`;
          expect([name, facts(await resolveReference(subgraph, { ...of, tenantId: "t2" }))]).toEqual([name, []]);
          // What its owner is not told either would prove nothing.
          expect([name, facts(await resolveReference(subgraph, { ...of, tenantId: "t1" }))]).not.toEqual([name, []]);
        }
      }
    });

    it("are unknown to what only subgraphs ask each other", async () => {
      const ask = (subgraph: string, query: string) =>
        subgraphs.find(({ name }) => name === subgraph)!.execute({ query, info: { tenantId: "t2", requestId: "test" } });
      const names = ["app", "appVersion", "workflow", "workflowVersion"].map((type) => `${type}Id: "${theirs[type]}"`);
      const fields = "versionId versionStatus dsl workflowId workflowAppId appId appVersionId appVersionAppId";
      for (const named of [names.join(", "), ...names]) {
        const { data } = await ask("workflow", `{ runSource(input: { ${named}, knownVersionIds: [] }) { ${fields} } }`);
        expect([named, facts(data?.["runSource"])]).toEqual([named, []]);
      }
      const message = `{ runId: "${own.run}", sessionId: "${theirs.session}", content: "x" }`;
      const { errors } = await ask("session", `mutation { recordRunMessage(input: ${message}) { id } }`);
      expect(errors?.map(refusal)).toEqual(notFound);
    });
  });
});

/** Ids by type of what nobody makes by itself: it hangs beneath a run, or is written by the router. */
async function recordsBeneath(): Promise<Record<string, string>> {
  // Nobody is at the provider's address: the call is in the ledger all the same.
  await platform.post('mutation { chatCompletion(input: { model: "m", messages: [{ role: USER, content: "x" }] }) { id } }');
  const asked = `{
    modelCalls(first: 1) { nodes { id } }
    nodeArtifacts(runId: "${theirs.run}") { nodes { id } } traceSpans(runId: "${theirs.run}") { nodes { id } } requestAudits(first: 1) { nodes { id } }
  }`;
  const found = await eventually(
    () => ask<Record<string, { nodes: { id: string }[] }>>(platform, asked),
    ({ requestAudits }) => requestAudits!.nodes.length > 0,
  );
  const first = (list: string) => found[list]!.nodes[0]!.id;
  return {
    ...{ nodeArtifact: first("nodeArtifacts"), traceSpan: first("traceSpans") },
    ...{ requestAudit: first("requestAudits"), modelCall: first("modelCalls") },
  };
}

/** Ids by type of what the other tenant has, with memories of owners that have none yet. */
async function referenceIds(): Promise<Record<string, string>> {
  for (const type of ["agent", "team"]) {
    const input = `{ contentText: "x", scopeType: ${type.toUpperCase()}, scopeId: "${theirs[type]}" }`;
    await ask(platform, `mutation { createMemory(input: ${input}) { id } }`);
  }
  return theirs;
}

/** Everything that an answer tells beside the id that was asked for. */
function facts(value: unknown, path = ""): string[] {
  if (value === null || value === undefined || path === "/id" || path.endsWith("/__typename")) return [];
  if (typeof value !== "object") return [`${path} ${String(value)}`];
  return Object.entries(value).flatMap(([key, inner]) => facts(inner, `${path}/${key}`));
}

it("every root field of the graph is asked, or excused by name", () => {
  const schema = buildSchema(readFileSync(new URL("../../codegen/schema.graphql", import.meta.url), "utf8"));
  const asked = {
    Query: [...singles, ...narrowed, ...below, ...Object.keys(whole)],
    Mutation: mutations,
    Subscription: subscriptions,
  };
  for (const [root, operations] of Object.entries(asked)) {
    const type = schema.getType(root) as GraphQLObjectType;
    const known = new Set([...operations.map(fieldOf), ...excused[root as keyof typeof excused]]);
    expect([...known].toSorted()).toEqual(Object.keys(type.getFields()).toSorted());
  }
});
