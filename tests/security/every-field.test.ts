/**
 * Every root field of the graph, asked through the router by two tenants with three keys each, and by nobody: over HTTP, as a stream and over a WebSocket. What a key
 * may ask for is written down here, and not read from where the router reads it.
 */
import { getNamedType, isCompositeType, type GraphQLField, type GraphQLObjectType } from "graphql";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { readFileSync } from "node:fs";
import { loadSupergraph } from "../../router/graph/supergraph.ts";
import { below, fieldOf, mutations, narrowed, operation, singles, subscriptions } from "../testkit/id-operations.ts";
import { refusalIn, startKeyedPlatform, type KeyedPlatform } from "../testkit/keyed-platform.ts";
import { makeOneOfEach, type OneOfEach } from "../testkit/one-of-each.ts";
import { openSubgraphs, referencedTypes } from "../testkit/references.ts";

/** What a key that looks may ask for. */
const reader = words(`
  agent agentByCode agents agentVersion app appByCode apps appVersion memory memories memoryEmbedding searchMemories modelProvider modelProviderByCode modelProviders models
  agentRun agentRuns teamRun teamRuns skillRun skillRuns skillFile modelCall modelCalls modelUsage parts nodeArtifact nodeArtifacts nodeRun waitingNodeRuns waitingNodeRunAdded run runs traceSpan traceSpans runRequest message schedule schedules secret secrets session sessions skill skillByCode skills skillVersion
  skillInstallation skillInstallations team teamByCode teams teamVersion tool toolByCode tools toolVersion toolBinding toolBindings workflow workflowByCode workflows
  workflowVersion webhook webhooks validateDsl tenantQuota messageAdded nodeRunUpdated runEvents runEventPages traceSpanRecorded __schema __type
`);
/** And one that also runs what is there. */
const runner = new Set([
  ...reader,
  ...words(`
    createAgentRun executeAgentRun executeNextAgentRun createTeamRun executeTeamRun executeNextTeamRun createSkillRun executeSkillRun executeNextSkillRun sendAgentInput createRun cancelRun cancelRuns retryRun forkRun updateRunStatus executeRun executeNode executeNextNode executeNextNodeRun executeNodeRun resumeNodeRun updateNodeRunStatus
    createRunRequest dispatchRun dispatchRunRequest startRun createSession updateSession closeSession addMessage createMemory updateMemory deleteMemory invokeTool
    chatCompletion chatCompletionStream createEmbeddings
  `),
]);
/** And what one of the whole tenant may ask for beside: changes of all that there is, keys and audits. */
const ofTheWhole = words(`
  createAgent updateAgent deleteAgent createAgentVersion publishAgentVersion archiveAgentVersion createApp updateApp deleteApp createAppVersion publishAppVersion
  createModelProvider updateModelProvider deleteModelProvider createSkill updateSkill deleteSkill createSkillVersion importSkill publishSkillVersion archiveSkillVersion
  installSkill uninstallSkill deleteRun deleteRuns createTeam updateTeam deleteTeam createTeamVersion publishTeamVersion archiveTeamVersion createTool updateTool deleteTool
  createToolVersion createToolBinding updateToolBinding deleteToolBinding createWorkflow updateWorkflow deleteWorkflow createWorkflowVersion
  publishWorkflowVersion archiveWorkflowVersion createApiKey updateApiKeyStatus rotateApiKey createSecret updateSecret deleteSecret createSchedule updateSchedule pauseSchedule resumeSchedule deleteSchedule
  createWebhook updateWebhook rotateWebhookSecret rotateWebhookUrl deleteWebhook apiKey apiKeys requestAudit requestAudits
`);
/** The operator's alone. */
const operators = words("setTenantQuota");
/** Open to everybody. */
const open = new Set(["services", "__typename"]);

function words(text: string): Set<string> {
  return new Set(text.trim().split(/\s+/));
}

const admin = new Set([...runner, ...ofTheWhole]);
const kinds = { reader, runner, admin };
type Kind = keyof typeof kinds;

interface Caller {
  kind: Kind;
  tenantId: string;
  secret: string;
  theirs: OneOfEach;
  own: OneOfEach;
}

const { apiSchema } = loadSupergraph(readFileSync("codegen/supergraph.graphql", "utf8"));
const roots = { query: apiSchema.getQueryType()!, mutation: apiSchema.getMutationType()!, subscription: apiSchema.getSubscriptionType()! };

let t: KeyedPlatform;
const callers: Caller[] = [];

beforeAll(async () => {
  t = await startKeyedPlatform({ workers: 1 });
  const { secret } = await t.keyOf("operator", null, { isAdmin: true });
  const asOperator = {
    ...t,
    post: (query: string, variables?: Record<string, unknown>, headers?: Record<string, string>) =>
      t.post(query, variables, { ...headers, "x-api-key": secret }),
    client: (options: object = {}) => t.client({ ...options, apiKey: secret }),
  };
  const made = { t1: await makeOneOfEach(asOperator, "t1"), t2: await makeOneOfEach(asOperator, "t2") };
  for (const [tenantId, other] of [
    ["t1", "t2"],
    ["t2", "t1"],
  ] as const) {
    for (const kind of Object.keys(kinds) as Kind[]) {
      const key = await t.keyOf(tenantId, kind === "admin" ? null : await scopesOf(kind));
      callers.push({ kind, tenantId, secret: key.secret, theirs: made[other], own: made[tenantId] });
    }
  }
}, 300_000);
afterAll(() => t.stop());

/** As the graph expands the preset's name. */
async function scopesOf(preset: string): Promise<string[]> {
  const { secret } = await t.keyOf("presets");
  const query = `mutation { createApiKey(input: { name: "n", scopes: ["${preset}"] }) { apiKey { scopes } } }`;
  const { data } = await t.as(secret, query);
  return (data as { createApiKey: { apiKey: { scopes: string[] } } }).createApiKey.apiKey.scopes;
}

/** Asks for a field with none of its variables: whoever may ask is told that they are missing, and nothing is done. */
function emptyOperation(kind: string, field: GraphQLField<unknown, unknown>): string {
  // Of a stream all of them: one that needs none would go on for ever.
  const needed = (type: unknown): string => (kind === "subscription" ? `${String(type).replace(/!$/, "")}!` : String(type));
  const declared = field.args.map(({ name, type }) => `$${name}: ${needed(type)}`).join(", ");
  const passed = field.args.map(({ name }) => `${name}: $${name}`).join(", ");
  const selection = isCompositeType(getNamedType(field.type)) ? "{ __typename }" : "";
  return `${kind} Ask${declared && `(${declared})`} { ${field.name}${passed && `(${passed})`} ${selection} }`;
}

const refusals = /^(UNAUTHENTICATED|FORBIDDEN) (KEY_|SCOPE_MISSING|BOOTSTRAP_)/;

/** Why a caller may not ask; undefined: they may. */
async function refusalOf(secret: string | undefined, query: string, isStream: boolean): Promise<string | undefined> {
  const answer = await t.as(secret, query, {}, isStream ? { accept: "text/event-stream, application/json" } : {});
  const refusal = refusalIn(answer);
  return refusal !== undefined && refusals.test(refusal) ? `${answer.status} ${refusal}` : undefined;
}

/** All that a stream says to its end. */
async function textOf(secret: string, query: string, variables: object): Promise<string> {
  const headers = { "content-type": "application/json", accept: "text/event-stream, application/json", "x-api-key": secret };
  return (await fetch(t.url, { method: "POST", headers, body: JSON.stringify({ query, variables }) })).text();
}

const fields = Object.entries(roots).flatMap(([kind, type]) =>
  Object.values(type.getFields()).map((field) => ({
    name: field.name,
    query: emptyOperation(kind, field),
    isStream: kind === "subscription",
  })),
);
const introspections = [
  { name: "__schema", query: "{ __schema { queryType { name } } }", isStream: false },
  { name: "__type", query: '{ it: __type(name: "App") { name } }', isStream: false },
  { name: "__schema", query: "mutation { __schema { queryType { name } } }", isStream: false },
];

describe("every root field", () => {
  it("is somebody's to ask for, by this list", () => {
    expect(fields.map(({ name }) => name).filter((name) => !admin.has(name) && !operators.has(name) && !open.has(name))).toEqual([]);
    const there = new Set([...fields, ...introspections].map(({ name }) => name));
    expect([...admin, ...operators].filter((name) => !there.has(name))).toEqual([]);
  });

  it("is asked for by the keys that may, of either tenant, and by no other; without a key by nobody, but for what is open", async () => {
    for (const { name, query, isStream } of [...fields, ...introspections]) {
      const nobody = await refusalOf(undefined, query, isStream);
      expect([name, nobody]).toEqual([name, open.has(name) ? undefined : "401 UNAUTHENTICATED KEY_MISSING"]);
      for (const { kind, tenantId, secret } of callers) {
        const may = kinds[kind].has(name) || open.has(name);
        const refusal = await refusalOf(secret, query, isStream);
        expect([name, kind, tenantId, refusal]).toEqual([name, kind, tenantId, may ? undefined : "403 FORBIDDEN SCOPE_MISSING"]);
      }
    }
  });

  it("is the same over a WebSocket", async () => {
    for (const { kind, secret } of callers.slice(0, 3)) {
      const client = createClient({
        url: t.url.replace("http", "ws"),
        webSocketImpl: WebSocket,
        connectionParams: { "x-api-key": secret },
      });
      for (const { name, query } of fields) {
        const [first] = await new Promise<unknown[]>((resolve) => {
          client.subscribe(
            { query },
            { next: (result) => resolve([result]), error: (cause) => resolve(cause as unknown[]), complete: () => resolve([]) },
          );
        });
        const reason = (first as { extensions?: { reason?: string } } | undefined)?.extensions?.reason;
        const may = kinds[kind].has(name) || open.has(name);
        expect([name, kind, reason === "SCOPE_MISSING"]).toEqual([name, kind, !may]);
      }
      await client.dispose();
    }
  });
});

describe("another tenant's records", () => {
  const notFound = [["NOT_FOUND", true]];
  const seen = (answer: { data: unknown; errors?: { extensions: Record<string, unknown> }[] }) => ({
    data: answer.data,
    errors: answer.errors?.map(({ extensions }) => [extensions["code"], String(extensions["reason"]).endsWith("_NOT_FOUND")]),
  });
  // Records that the router or a run makes have tests of their own (tests/e2e/foreign-ids.test.ts).
  const isMade = (field: string) => !/<(requestAudit|nodeArtifact|traceSpan|modelCall)>/.test(field);

  it("are like none at all to each key of the other, whatever it is asked for", async () => {
    for (const { kind, tenantId, secret, theirs, own } of callers) {
      const ask = async (type: "query" | "mutation", field: string) => {
        const { query, variables } = operation(type, field, { ids: (of) => theirs[of]!, own: (of) => own[of]! });
        return t.as(secret, query, variables);
      };
      const expectations: ["query" | "mutation", string[], object][] = [
        ["query", singles, { data: { it: null } }],
        ["query", narrowed, { data: { it: { edges: [] } } }],
        ["query", below, { data: { it: null }, errors: notFound }],
        ["mutation", mutations, { data: { it: null }, errors: notFound }],
      ];
      for (const [type, list, expected] of expectations) {
        for (const field of list.filter(isMade)) {
          const answer = await ask(type, field);
          const where = [kind, tenantId, field];
          if (kinds[kind].has(fieldOf(field))) expect([...where, seen(answer)]).toEqual([...where, { errors: undefined, ...expected }]);
          else expect([...where, refusalIn(answer)]).toEqual([...where, "FORBIDDEN SCOPE_MISSING"]);
        }
      }
      for (const field of subscriptions) {
        const { query, variables } = operation("subscription", field, { ids: (of) => theirs[of]!, own: (of) => own[of]! });
        const told = await textOf(secret, query, variables);
        expect([kind, field, told]).toEqual([kind, field, expect.stringMatching(/NOT_FOUND|SCOPE_MISSING/)]);
      }
    }
  });

  it("are there for each key of their own", async () => {
    for (const { kind, tenantId, secret, own } of callers) {
      for (const field of singles.filter(isMade)) {
        const { query, variables } = operation("query", field, { ids: (of) => own[of]!, own: (of) => own[of]! });
        const { data, errors } = await t.as(secret, query, variables);
        expect([kind, tenantId, field, errors, (data as { it?: unknown }).it]).toEqual([
          kind,
          tenantId,
          field,
          undefined,
          expect.anything(),
        ]);
      }
    }
  });

  it("cannot be had as entities through the router: what subgraphs ask each other is not in its graph", async () => {
    const subgraphs = await openSubgraphs(t);
    const types: GraphQLObjectType[] = subgraphs.flatMap(referencedTypes);
    for (const subgraph of subgraphs) await subgraph.close();
    expect(new Set(types.map(({ name }) => name)).size).toBeGreaterThan(15);
    const [{ secret, own }] = callers.filter(({ kind }) => kind === "admin") as [Caller];
    for (const { name } of types) {
      const id = own[name[0]!.toLowerCase() + name.slice(1)] ?? "none";
      const query = `{ _entities(representations: [{ __typename: "${name}", id: "${id}" }]) { __typename } }`;
      expect((await t.as(secret, query)).errors).toMatchObject([{ message: expect.stringMatching(/^Cannot query field "_/) }]);
    }
    expect((await t.as(secret, "{ _service { sdl } }")).errors).toMatchObject([
      { message: expect.stringMatching(/^Cannot query field "_/) },
    ]);
  });
});
