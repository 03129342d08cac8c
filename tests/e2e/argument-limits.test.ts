/** Ids, texts and lists that are too long are refused by every field of the graph that takes them, before anything is looked up. */
import { readFileSync } from "node:fs";
import {
  buildSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  parse,
  type GraphQLField,
  type GraphQLInputType,
} from "graphql";
import { argumentLimits } from "#shared/graphql/argument-limits.ts";
import { GraphqlRequestError } from "#codegen/client/errors.ts";
import { runtimeSubgraph } from "../../subgraphs/runtime/subgraph.ts";
import { workflowSubgraph } from "../../subgraphs/workflow/subgraph.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { openTestSubgraph } from "../testkit/subgraph.ts";

const schema = buildSchema(readFileSync("codegen/schema.graphql", "utf8"));

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform({ workers: 0 });
});
afterAll(() => platform.stop());

/** A place among a field's arguments, such as `filter.status`, and variables that have one too many there. */
interface Place {
  name: string;
  length: number;
  max: number;
  given: Record<string, unknown>;
}

/** Fields whose services say how long they may be. */
const ownLimits = new Set([
  ...[
    "CreateAgentRunInput.inputText",
    "CreateTeamRunInput.inputText",
    "SendAgentInputInput.text",
    "CreateAgentVersionInput.role",
    "CreateAgentVersionInput.goal",
    "CreateAgentVersionInput.systemPrompt",
  ],
  ...["CreateAgentVersionInput.toolBindingIds", "CreateAgentVersionInput.skillIds"],
  ...["ImportSkillInput.zipBase64", "ImportSkillInput.files", "SkillFileInput.contentBase64"],
  ...["CreateTeamVersionInput.objective", "TeamMemberInput.responsibility"],
  ...["Agent", "App", "Skill", "Team", "Tool", "Workflow"].flatMap((noun) => [
    `Create${noun}Input.description`,
    `Update${noun}Input.description`,
  ]),
  ...["ChatCompletionInput.messages", "ChatCompletionInput.tools"],
  ...["ChatMessageInput.content", "ChatMessageInput.toolCallId", "ChatToolInput.description"],
  ...[
    "CreateEmbeddingsInput.input",
    ...["Create", "Update"].flatMap((verb) => [`${verb}ModelProviderInput.apiKey`, `${verb}ModelProviderInput.baseUrl`]),
  ],
  ...["CreateMemoryInput.contentText", "UpdateMemoryInput.contentText", "SearchMemoriesInput.query"],
  ...["AddMessageInput.content", "CreateRunRequestInput.message", "CancelRunsFilter.ids", "DeleteRunsFilter.ids"],
  "ForkPatchInput.dropMocks",
  ...["Create", "Update"].map((verb) => `${verb}SecretInput.value`),
  ...["ResumeNodeRunInput.outputText", "UpdateNodeRunStatusInput.outputText", "UpdateNodeRunStatusInput.errorMessage"],
]);

/** A harmless value of a type. */
function harmless(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return harmless(type.ofType);
  if (isListType(type)) return [harmless(type.ofType)];
  if (isEnumType(type)) return type.getValues()[0]!.name;
  if (isInputObjectType(type)) {
    const required = Object.values(type.getFields()).filter(isRequiredInputField);
    return Object.fromEntries(required.map((field) => [field.name, harmless(field.type)]));
  }
  const values: Record<string, unknown> = { Int: 1, Float: 1, Boolean: true, JSON: {}, JSONObject: {}, DateTime: "2026-01-01T00:00:00Z" };
  return values[type.name] ?? "x";
}

/** The values of a type that are too long somewhere, with where. */
function tooLong(type: GraphQLInputType, isOwn = false): (Omit<Place, "given"> & { value: unknown })[] {
  if (isNonNullType(type)) return tooLong(type.ofType, isOwn);
  if (isListType(type)) {
    const { items: max } = argumentLimits;
    const inner = tooLong(type.ofType, isOwn).map((found) => ({
      ...found,
      name: `[1]${found.name}`,
      value: [harmless(type.ofType), found.value],
    }));
    if (isOwn) return inner;
    return [{ name: "", length: max + 1, max, value: Array.from({ length: max + 1 }, () => harmless(type.ofType)) }, ...inner];
  }
  if (isInputObjectType(type)) {
    return Object.values(type.getFields()).flatMap((field) =>
      tooLong(field.type, ownLimits.has(`${type.name}.${field.name}`)).map((found) => ({
        ...found,
        name: `.${field.name}${found.name}`,
        value: { ...(harmless(type) as object), [field.name]: found.value },
      })),
    );
  }
  const max = type.name === "ID" ? argumentLimits.id : type.name === "String" && !isOwn ? argumentLimits.text : undefined;
  return max === undefined ? [] : [{ name: "", length: max + 1, max, value: "x".repeat(max + 1) }];
}

function placesOf(field: GraphQLField<unknown, unknown>): Place[] {
  const rest = Object.fromEntries(field.args.filter(isRequiredArgument).map(({ name, type }) => [name, harmless(type)]));
  return field.args.flatMap(({ name, type }) =>
    tooLong(type).map(({ value, ...found }) => ({
      ...found,
      name: name === "input" ? found.name.slice(1) : `${name}${found.name}`,
      given: { ...rest, [name]: value },
    })),
  );
}

const selection = (field: GraphQLField<unknown, unknown>) => (isLeafType(getNamedType(field.type)) ? "" : "{ __typename }");
const declared = (field: GraphQLField<unknown, unknown>) => field.args.map(({ name, type }) => `$${name}: ${String(type)}`).join(", ");
const passed = (field: GraphQLField<unknown, unknown>) => field.args.map(({ name }) => `${name}: $${name}`).join(", ");

const rootFields = (["query", "mutation", "subscription"] as const).flatMap((kind) => {
  const type = { query: schema.getQueryType(), mutation: schema.getMutationType(), subscription: schema.getSubscriptionType() }[kind];
  return Object.values(type!.getFields()).map((field) => [kind, field.name, field] as const);
});
const limited = rootFields.filter(([, , field]) => placesOf(field).length > 0);

/** The refusal of an operation, over a socket where it is a subscription. */
async function refused(kind: string, query: string, variables: Record<string, unknown>): Promise<unknown> {
  if (kind !== "subscription") return (await platform.post(query, variables)).errors?.[0]?.extensions;
  const client = platform.client();
  try {
    for await (const event of client.subscribe(parse(query), variables)) return event;
    return undefined;
  } catch (error) {
    if (!(error instanceof GraphqlRequestError)) throw error;
    return error.errors[0]?.extensions;
  } finally {
    await client.close();
  }
}

const refusalOf = ({ name, length, max }: Place) => ({
  ...{ code: "BAD_USER_INPUT", reason: max === argumentLimits.items ? "LIST_TOO_LONG" : "TEXT_TOO_LONG" },
  ...{ field: name, length, max },
});

describe("what is too long", () => {
  it("can be given to most fields of the graph", () => {
    expect(limited.length).toBeGreaterThan(100);
    const names = limited.flatMap(([, root, field]) => placesOf(field).map(({ name }) => `${root} ${name}`));
    expect(names).toEqual(
      expect.arrayContaining([
        "appByCode code",
        "sessions userId",
        "memories scopeId",
        "runs filter.status",
        "runs filter.appId",
        "updateApp id",
      ]),
    );
  });

  it.each(limited)("is refused by %s %s with the field, the length and the limit", async (kind, _name, field) => {
    const query = `${kind} Long(${declared(field)}) { ${field.name}(${passed(field)}) ${selection(field)} }`;
    for (const place of placesOf(field)) expect(await refused(kind, query, place.given)).toMatchObject(refusalOf(place));
  });

  const app = `app(id: $id) { workflows(after: $value) { edges { cursor } } }`;
  it("is refused by the fields of what was found, too", async () => {
    const make = 'mutation { createApp(input: { code: "a", name: "A" }) { id } }';
    const { data } = (await platform.post(make)) as unknown as { data: { createApp: { id: string } } };
    const value = "x".repeat(argumentLimits.text + 1);
    const { errors } = await platform.post(`query ($id: ID!, $value: String) { ${app} }`, { id: data.createApp.id, value });
    expect(errors?.[0]).toMatchObject({ path: ["app", "workflows"], extensions: { reason: "TEXT_TOO_LONG", field: "after" } });
    expect(Object.values(schema.getTypeMap()).filter(isObjectType).length).toBeGreaterThan(50);
  });

  it.each([
    [
      "a variable that is an input",
      "query ($f: RunFilter) { runs(filter: $f) { edges { cursor } } }",
      (list: object) => ({ f: { status: list } }),
    ],
    [
      "a variable in an input",
      "query ($s: [RunStatus!]) { runs(filter: { status: $s }) { edges { cursor } } }",
      (list: object) => ({ s: list }),
    ],
  ])("is refused as the list of %s before its items are looked at", async (_name, query, variables) => {
    const t = await openTestSubgraph(runtimeSubgraph);
    // 10,001 items that are no status: coercing them would say so.
    const seen = await t.refusal(query, variables(Array.from({ length: 10_001 }, () => "NONE")));
    expect(seen).toMatchObject({ code: "BAD_USER_INPUT", reason: "LIST_TOO_LONG", field: "filter.status", length: 10_001 });
  });

  it("is refused where it stands in the document", async () => {
    const list = (length: number) => `[${Array.from({ length }, () => "QUEUED").join(" ")}]`;
    const { errors } = await platform.post(`{ runs(filter: { status: ${list(101)}, appId: "${"x".repeat(300)}" }) { edges { cursor } } }`);
    expect(errors?.[0]?.extensions).toMatchObject({ reason: "LIST_TOO_LONG", field: "filter.status", length: 101, max: 100 });
    const app = await platform.post(`mutation { createApp(input: { code: "${"x".repeat(1_001)}", name: "A" }) { id } }`);
    expect(app.errors?.[0]?.extensions).toMatchObject({ reason: "TEXT_TOO_LONG", field: "code", length: 1_001, max: 1_000 });
  });

  it("costs no statement, however long it is", async () => {
    const t = await openTestSubgraph(workflowSubgraph);
    const statements: string[] = [];
    t.subgraph.database.onStatement = (statement) => statements.push(statement);
    const code = "🦄".repeat(1_000_000);
    const seen = await t.refusal(`query ($code: String!) { appByCode(code: $code) { id } }`, { code });
    expect(seen).toMatchObject({ reason: "TEXT_TOO_LONG", field: "code", length: 1_000_000, max: 1_000 });
    expect(JSON.stringify(seen).length).toBeLessThan(1_000);
    expect(statements).toEqual([]);
    // A character is a code point.
    const longest = { code: "🦄".repeat(argumentLimits.text) };
    expect(await t.ask(`query ($code: String!) { appByCode(code: $code) { id } }`, longest)).toEqual({ appByCode: null });
  });
});

describe("a field with a limit of its own", () => {
  it("takes what others do not", async () => {
    const text = "x".repeat(argumentLimits.text + 1);
    const make = `mutation ($text: String!) { createApp(input: { code: "own", name: "A", description: $text }) { description } }`;
    expect(await platform.post(make, { text })).toMatchObject({ data: { createApp: { description: text } } });
    const { errors } = await platform.post(make, { text: "x".repeat(5_001) });
    expect(errors?.[0]?.extensions).toMatchObject({ reason: "TEXT_TOO_LONG", field: "description", length: 5_001, max: 5_000 });
  });
});
