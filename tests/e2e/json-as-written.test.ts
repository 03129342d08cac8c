/** JSON that callers give is kept as they wrote it, whichever noun holds it; what cannot be kept so is refused where it comes in. */
import fc from "fast-check";
import type { Json, JsonObject } from "#shared/json.ts";
import { ask, finishRun, makeWorkflow, refusal, runDsl } from "../testkit/graph.ts";
import { makeOneOfEach, type OneOfEach } from "../testkit/one-of-each.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";

let platform: TestPlatform;
let made: OneOfEach;
beforeAll(async () => {
  platform = await startTestPlatform();
  made = await makeOneOfEach(platform, "t1");
});
afterAll(() => platform.stop());

/** jsonb would sort the keys: the shorter first, then by letter. */
const ordered = { zeta: "1", beta: { y: 1, x: [{ d: 1, c: [{ n: 1, m: 2 }] }] }, alpha: "2", b: null };
const reordered = { b: null, alpha: "2", zeta: "1", beta: ordered.beta };

/** A place where callers give JSON. */
interface Place {
  mutation: string;
  field: string;
  /** The input with a value in it. */
  input: (value: Json) => JsonObject;
  /** The record that is changed; without one a new one is made. */
  id?: () => string;
  /** Reads what was given of the record. */
  read?: (id: string) => Promise<Json>;
}

const headers = JSON.parse('{"x-zeta":"1","accept":"*/*","__proto__":"p","x-alpha":null}') as JsonObject;
const schema = (value: Json) => ({ type: "object", title: "t", examples: [value] });

/** Reads a record's field in a request of its own. */
const read = (noun: string, field: string) => async (id: string) => {
  const query = `query ($id: ID!) { record: ${noun}(id: $id) { kept: ${field} } }`;
  return (await ask<{ record: { kept: Json } }>(platform, query, { id })).record.kept;
};

async function readPolicy(id: string): Promise<Json> {
  const query = `query ($id: ID!) { agentVersion(id: $id) { memoryPolicy { config } } }`;
  const { agentVersion } = await ask<{ agentVersion: { memoryPolicy: { config: Json } } }>(platform, query, { id });
  return agentVersion.memoryPolicy.config;
}

async function readMessage(id: string): Promise<Json> {
  const query = `query ($id: ID!) { session(id: $id) { messages(last: 1) { edges { node { id contentJson } } } } }`;
  type Seen = { session: { messages: { edges: { node: { id: string; contentJson: Json } }[] } } };
  const { session } = await ask<Seen>(platform, query, { id: made.session });
  const [edge] = session.messages.edges;
  expect(edge?.node.id).toBe(id);
  return edge!.node.contentJson;
}

const places: Place[] = [
  {
    ...{ mutation: "createWorkflowVersion", field: "dsl", read: read("workflowVersion", "dsl") },
    input: (value) => ({
      workflowId: made["workflow"]!,
      dsl: { nodes: [{ id: "a", type: "template-transform", config: { template: value } }], edges: [] },
    }),
  },
  {
    ...{ mutation: "createAppVersion", field: "config", read: read("appVersion", "config") },
    input: (value) => ({ appId: made["app"]!, workflowVersionId: made["workflowVersion"]!, config: { value } }),
  },
  {
    ...{ mutation: "addMessage", field: "contentJson", read: readMessage },
    input: (value) => ({ sessionId: made.session, content: "c", contentJson: value }),
  },
  {
    ...{ mutation: "createRunRequest", field: "input", read: read("runRequest", "input") },
    input: (value) => ({ sessionId: made.session, input: { zeta: value, query: 1 } }),
  },
  {
    ...{ mutation: "dispatchRun", field: "input", read: read("runRequest", "input") },
    input: (value) => ({ sessionId: made.session, input: { value } }),
  },
  {
    ...{ mutation: "createRun", field: "input", read: read("run", "input") },
    input: (value) => ({ workflowId: made["workflow"]!, execution: "MANUAL", input: { value } }),
  },
  {
    ...{ mutation: "createAgentVersion", field: "modelConfig", read: read("agentVersion", "modelConfig") },
    input: (value) => ({ agentId: made["agent"]!, role: "r", modelConfig: { extraParameters: { value } } }),
  },
  {
    ...{ mutation: "createAgentVersion", field: "memoryPolicy.config", read: readPolicy },
    input: (value) => ({ agentId: made["agent"]!, role: "r", memoryPolicy: { config: { value } } }),
  },
  {
    ...{ mutation: "createTeamVersion", field: "config", read: read("teamVersion", "config") },
    input: (value) => ({
      ...{ teamId: made["team"]!, coordinationMode: "SEQUENTIAL", objective: "o", config: { value } },
      members: [{ memberKey: "one", agentId: made["agent"]!, role: "r" }],
    }),
  },
  ...["parameterSchema", "outputSchema"].map((field): Place => ({
    ...{ mutation: "createSkillVersion", field, read: read("skillVersion", field) },
    input: (value) => ({
      ...{ skillId: made["skill"]!, runtimeType: "TEMPLATE", implementation: { template: "t" } },
      [field]: schema(value),
    }),
  })),
  {
    ...{ mutation: "createSkillVersion", field: "implementation", read: read("skillVersion", "implementation") },
    input: (value) => ({ skillId: made["skill"]!, runtimeType: "TEMPLATE", implementation: { template: "t", value } }),
  },
  ...["inputSchema", "outputSchema"].map((field): Place => ({
    ...{ mutation: "createToolVersion", field, read: read("toolVersion", field) },
    input: (value) => ({ toolId: made["tool"]!, invokeConfig: { url: "http://127.0.0.1:9/" }, [field]: schema(value) }),
  })),
  {
    ...{ mutation: "createToolVersion", field: "invokeConfig", read: read("toolVersion", "invokeConfig") },
    input: (value) => ({ toolId: made["tool"]!, invokeConfig: { headers, url: "http://127.0.0.1:9/", body: value } }),
  },
  ...["createToolBinding", "updateToolBinding"].map((mutation): Place => ({
    ...{ mutation, field: "config", read: read("toolBinding", "config") },
    input: (value) => ({ name: "n", config: { timeout_seconds: 1, headers, body: value, a: 1 }, ...toolOf(mutation) }),
    ...(mutation.startsWith("update") && { id: () => made["toolBinding"]! }),
  })),
  ...["createMemory", "updateMemory"].map((mutation): Place => ({
    ...{ mutation, field: "metadata", read: read("memory", "metadata") },
    input: (value) => ({ contentText: "c", metadata: { value }, ...(mutation === "createMemory" && { scopeType: "TENANT" }) }),
    ...(mutation.startsWith("update") && { id: () => made["memory"]! }),
  })),
];

const toolOf = (mutation: string): JsonObject => (mutation === "createToolBinding" ? { toolId: made["tool"]! } : {});

/** Places whose value is not read back; JSON nonetheless. */
const writeOnly: Place[] = [
  ...["createToolBinding", "updateToolBinding"].map((mutation): Place => ({
    ...{ mutation, field: "secretHeaders" },
    input: (value) => ({ name: "n", secretHeaders: { "x-key": value }, ...toolOf(mutation) }),
    ...(mutation.startsWith("update") && { id: () => made["toolBinding"]! }),
  })),
  {
    ...{ mutation: "createRunRequest", field: "initialNode" },
    input: (value) => ({
      sessionId: made.session,
      initialNode: { nodeId: typeof value === "string" ? value : `${JSON.stringify(value)}\u0000` },
    }),
  },
  {
    ...{ mutation: "createRunRequest", field: "message" },
    input: (value) => ({ sessionId: made.session, message: typeof value === "string" ? value : `${JSON.stringify(value)}\u0000` }),
  },
];

function operation({ mutation, id }: Place): string {
  const input = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input!`;
  return id === undefined
    ? `mutation ($input: ${mutation === "dispatchRun" ? "CreateRunRequestInput!" : input}) { made: ${mutation}(input: $input) { id } }`
    : `mutation ($id: ID!, $input: ${input}) { made: ${mutation}(id: $id, input: $input) { id } }`;
}

const variables = (place: Place, value: Json) => ({ input: place.input(value), ...(place.id && { id: place.id() }) });

/** Writes a value and reads it back. */
async function readBack(place: Place, value: Json): Promise<string> {
  const { made: record } = await ask<{ made: { id: string } }>(platform, operation(place), variables(place, value));
  return JSON.stringify(await place.read!(record.id));
}

/** What goes out of a value. */
function given(place: Place, value: Json): string {
  const [field = "", inner] = place.field.split(".");
  const out = place.input(value)[field] as JsonObject;
  return JSON.stringify(inner === undefined ? out : out[inner]);
}

describe("the keys of JSON", () => {
  it.each(places.map((place) => [place.mutation, place.field, place] as const))(
    "of %s's %s stay in their order",
    async (_mutation, _field, place) => {
      for (const value of [ordered, reordered]) expect(await readBack(place, value)).toBe(given(place, value));
    },
  );

  it("stay in their order from a document over its version and its run to the prompt", async () => {
    const config = { template: { zeta: "1", alpha: "2", m: "{{ input.given }}" } };
    const dsl = {
      nodes: [
        { id: "object", type: "template-transform", config },
        { id: "prompt", type: "template-transform", config: { template: "{{ nodes.object.output | json }}" } },
      ],
      edges: [{ source: "object", target: "prompt" }],
    };
    const run = await runDsl(platform, dsl, { given: reordered });
    expect(run.outputText).toBe(JSON.stringify({ zeta: "1", alpha: "2", m: reordered }));
  });

  it("stay in their order from the input of a session's request to the prompt", async () => {
    const template = "{{ input | json }}";
    const { appId, workflowVersionId } = await makeWorkflow(platform, {
      nodes: [{ id: "a", type: "answer", config: { answer: template } }],
      edges: [],
    });
    const start = `mutation ($appId: ID!) { createSession(input: { appId: $appId, userId: "u" }) { id } }`;
    const { createSession } = await ask<{ createSession: { id: string } }>(platform, start, { appId });
    const record = `mutation ($input: CreateRunRequestInput!) { createRunRequest(input: $input) { id } }`;
    const input = { sessionId: createSession.id, workflowVersionId, input: ordered };
    const { createRunRequest } = await ask<{ createRunRequest: { id: string } }>(platform, record, { input });
    const dispatch = `mutation ($id: ID!) { dispatchRunRequest(id: $id) { run { id } } }`;
    const { dispatchRunRequest } = await ask<{ dispatchRunRequest: { run: { id: string } } }>(platform, dispatch, createRunRequest);
    expect((await finishRun(platform, dispatchRunRequest.run.id)).outputText).toBe(JSON.stringify(ordered));
  });

  it("that are whole numbers come first, as JavaScript has it; of keys that are given twice the last counts", async () => {
    const place = places.find(({ mutation }) => mutation === "addMessage")!;
    const text = '{"b":1,"10":2,"2":3,"a":4,"b":5,"-1":6,"1.5":7}';
    const body = JSON.stringify({ query: operation(place), variables: variables(place, "@") }).replace('"@"', text);
    const response = await fetch(platform.url, {
      method: "POST",
      headers: { "content-type": "application/json", "x-tenant-id": "t1" },
      body,
    });
    const { data } = (await response.json()) as { data: { made: { id: string } } };
    expect(JSON.stringify(await place.read!(data.made.id))).toBe('{"2":3,"10":2,"b":5,"a":4,"-1":6,"1.5":7}');
  });
});

describe("JSON that is accepted", () => {
  const key = fc.oneof(
    fc.constantFrom("__proto__", "constructor", "toString", "", "$ref", "NaN"),
    fc.string({ unit: "grapheme", maxLength: 6 }),
  );
  const { json } = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.string({ unit: "grapheme" }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom<Json[]>(null, true, 0, 2 ** 53, -1e308, 5e-324, "null", "1", '"', "\u007f\u0001\u2028"),
      fc.array(tie("json"), { maxLength: 4 }),
      fc.array(fc.tuple(key, tie("json")), { maxLength: 5 }).map((entries) => Object.fromEntries(entries) as Json),
    ),
  }));

  it.each(["addMessage", "createMemory", "createToolBinding"])(
    "by %s reads back as it was given, keys in their order",
    async (mutation) => {
      const place = places.find((each) => each.mutation === mutation)!;
      await fc.assert(
        fc.asyncProperty(
          json.filter((value) => value !== null),
          async (value) => expect(await readBack(place, value)).toBe(given(place, value)),
        ),
        { numRuns: 40 },
      );
    },
  );
});

describe("JSON that cannot be stored", () => {
  const nested = (levels: number): Json => Array.from({ length: levels }).reduce<Json>((inner) => [inner], 0);
  const text = { code: "BAD_USER_INPUT", reason: "TEXT_NOT_STORABLE" };
  const bad: [Json, object][] = [
    ["a\u0000b", { ...text, message: expect.stringMatching(/has the character NUL \(\\u0000\)\. Remove it\./) }],
    [{ ["\ud800"]: 1 }, { ...text, problem: expect.stringContaining("half a character") }],
    [[1, [{ deep: ["ok", "\udfff"] }]], { ...text, problem: expect.stringMatching(/\.1\.0\.deep\.1 has half a character/) }],
    [nested(257), { code: "BAD_USER_INPUT", reason: "NESTED_TOO_DEEP", limit: 256 }],
  ];
  const named = [...places, ...writeOnly].map((place) => [place.mutation, place.field, place] as const);

  it.each(named)("is refused by %s with its place in %s and the next step", async (_mutation, field, place) => {
    for (const [value, refused] of bad) {
      const seen = await refusal(platform, operation(place), variables(place, value));
      // A document has a limit of its own, and a field that is a text takes no other JSON.
      if (field === "dsl" && "limit" in refused) expect(seen).toMatchObject({ code: "BAD_USER_INPUT", reason: "DSL_INVALID" });
      else if (["initialNode", "message"].includes(field)) expect(seen).toMatchObject({ ...text, field });
      else expect(seen).toMatchObject({ ...refused, field });
    }
  });
});
