/** What is wrong with a request for GraphQL: told alike over HTTP and WebSocket, each with a closed reason and the request's id. */
import type { GraphQLFormattedError } from "graphql";
import { fixtureRouter, type Asked, type FixtureRouter } from "../../testkit/fixture-router.ts";

type Transport = (t: FixtureRouter, query: string, asked: Asked) => Promise<readonly GraphQLFormattedError[] | undefined>;

const transports: Record<string, Transport> = {
  HTTP: async (t, query, asked) => {
    const { status, body } = await t.ask(query, { ...asked, headers: { "x-request-id": "r-1" } });
    expect(status).toBe(400);
    return body.errors;
  },
  WebSocket: async (t, query, { variables = null, operationName = null }) => {
    const refused = t.client({ "x-request-id": "r-1" }).iterate({ query, variables, operationName }).next();
    return refused.then(
      ({ value }) => {
        throw new Error(`not refused, but ${JSON.stringify(value)}`);
      },
      (errors: unknown) => errors as readonly GraphQLFormattedError[],
    );
  },
};

const needsNumber = "query ($n: Int!) { runs(first: $n) { id } }";
const limits = { maxTokens: 60, maxDepth: 4, maxAliases: 2, maxFields: 6 };
const variableFault = { reason: "GRAPHQL_INVALID" };
const excess = (of: string, found: number, limit: number) => ({ reason: "OPERATION_LIMIT_EXCEEDED", of, found, limit });

describe.each(Object.keys(transports))("a request for GraphQL over %s that", (transport) => {
  it.each<[string, string, Asked, object]>([
    ["does not parse", "{", {}, { reason: "GRAPHQL_PARSE_FAILED" }],
    ["has more tokens than it may", `{ ${"whoami ".repeat(60)} }`, {}, { reason: "GRAPHQL_PARSE_FAILED" }],
    ["is not valid", "{ nope }", {}, { reason: "GRAPHQL_VALIDATION_FAILED" }],
    ["uses a variable that it does not declare", "{ run(id: $id) { id } }", {}, { reason: "GRAPHQL_VALIDATION_FAILED" }],
    [
      "leaves out a subscription's root field by a variable",
      "subscription ($c: Boolean = true) { whoami @include(if: $c) }",
      {},
      { reason: "GRAPHQL_VALIDATION_FAILED" },
    ],
    ["leaves out a variable", needsNumber, {}, variableFault],
    ["gives a variable of another type", needsNumber, { variables: { n: "many" } }, variableFault],
    ["gives null for a variable that may not be", needsNumber, { variables: { n: null as never } }, variableFault],
    ["names an operation that is not there", "query A { whoami }", { operationName: "B" }, { reason: "OPERATION_RESOLUTION_FAILURE" }],
    ["does not say which operation", "query A { whoami } query B { whoami }", {}, { reason: "OPERATION_RESOLUTION_FAILURE" }],
    ["goes too deep", "{ runs { parent { parent { parent { id } } } } }", {}, excess("levels", 5, 4)],
    ["has too many aliases", "{ a: whoami b: whoami c: whoami }", {}, excess("aliases", 3, 2)],
    ["has too many fields", "{ runs { id seq status agent cost } whoami }", {}, excess("fields", 7, 6)],
  ])("%s is refused with a closed reason and its id, and audited", async (_what, query, asked, extensions) => {
    await using t = await fixtureRouter({ limits });
    const errors = await transports[transport]!(t, query, asked);
    expect(errors?.map((error) => error.extensions)).toEqual([{ code: "BAD_USER_INPUT", requestId: "r-1", ...extensions }]);
    expect(t.seen).toEqual([]);
    expect(t.logged.filter(({ level }) => Number(level) >= 50)).toEqual([]);
    expect(t.audits).toMatchObject([{ requestId: "r-1", statusCode: 400, errorCodes: ["BAD_USER_INPUT"] }]);
  });

  const times = (count: number, part: (index: number) => string) => Array.from({ length: count }, (_, index) => part(index)).join(" ");

  it.each<[string, string]>([
    ["fields that there are not", `{ ${times(5, (i) => `nothing${i}`)} }`],
    ["spreads of what there is not", `{ ${times(5, (i) => `...F${i}`)} }`],
    ["fragments within themselves", `{ ...F } fragment F on Query { ${times(5, () => "...F")} }`],
  ])("has more errors than are told of it (%s) is told how many, and what to do", async (_what, query) => {
    await using t = await fixtureRouter({ limits: { maxErrors: 4 } });
    const errors = await transports[transport]!(t, query, {});
    expect(errors).toHaveLength(5);
    expect(errors?.at(-1)).toMatchObject({
      message: "The document has more than 4 errors, of which these are the first. Correct them, and send it again.",
      extensions: { reason: "GRAPHQL_VALIDATION_FAILED" },
    });
    expect(JSON.stringify(errors)).not.toContain("aborted");
  });

  it("has as many errors as are told of it is told those, and no more", async () => {
    await using t = await fixtureRouter({ limits: { maxErrors: 4 } });
    const errors = await transports[transport]!(t, `{ ${times(4, (i) => `nothing${i}`)} }`, {});
    expect(errors?.map(({ message }) => message)).toEqual(
      [0, 1, 2, 3].map((i) => expect.stringContaining(`Cannot query field "nothing${i}"`) as unknown),
    );
  });

  it("has more tokens than it may is told how many it may have, and what to do", async () => {
    await using t = await fixtureRouter({ limits });
    const [error] = (await transports[transport]!(t, `{ ${"whoami ".repeat(60)} }`, {})) ?? [];
    expect(error?.message).toBe(
      "The document has more than 60 tokens: names, values and marks. Ask in several operations, and give values as variables.",
    );
  });

  it("has more lines than it may, or many lines and errors, is told fewer of them", async () => {
    await using t = await fixtureRouter();
    const ask = async (text: string) => (await transports[transport]!(t, text, {})) ?? [];
    const told = "The document has more than 100000 lines. Send it in fewer, and give long texts as variables.";
    expect(await ask(`${"\r\n".repeat(50_000)}${"\n".repeat(50_000)}{ whoami }`)).toMatchObject([
      { message: told, extensions: { reason: "TOO_MANY_LINES" } },
    ]);
    const errors = await ask(`${"\r\n".repeat(20_000)}{ ${times(9, (i) => `nothing${i}`)} }`);
    expect(errors.map(({ locations }) => locations?.[0]?.line)).toEqual([...Array<number>(2).fill(20_001), undefined]);
    expect(errors.at(-1)?.message).toContain("more than 2 errors");
  });

  it("has more backslashes than it may, or a name of more letters, is told so", async () => {
    await using t = await fixtureRouter();
    const ask = async (text: string) => (await transports[transport]!(t, text, {}))?.[0];
    expect(await ask(`{ whoami @skip(if: "${"\\n".repeat(100_001)}") }`)).toMatchObject({
      message: "The document has more than 100000 backslashes. Give long texts as variables.",
      extensions: { reason: "TOO_MANY_ESCAPES" },
    });
    expect((await ask(`{ whoami @skip(if: "${"\\n".repeat(100_000)}") }`))?.message).toContain("Boolean cannot represent");
    expect(await ask(`{ ${"a".repeat(256)}: whoami }`)).toMatchObject({
      message: "The operation has 256 letters of a name; 255 are allowed. Give it a shorter one.",
      locations: [{ line: 1, column: 3 }],
      extensions: excess("letters of a name", 256, 255),
    });
    expect((await ask(`{ ${"a".repeat(255)}: nothing }`))?.message).toContain("Cannot query field");
  });

  it("has more texts beside variables than are planned is told so", async () => {
    await using t = await fixtureRouter();
    const list = (count: number) => `query ($v: JSON) { echo(value: [$v ${times(count, (i) => `"${"x".repeat(70)}${i}"`)}]) }`;
    const errors = await transports[transport]!(t, list(1_001), {});
    expect(errors?.[0]?.extensions).toMatchObject(excess("values beside variables", 1_001, 1_000));
  });

  it.each(["#\n", "#,\r", "# a comment\r\n"])("has more comments than it may have tokens is told so: %j", async (comment) => {
    await using t = await fixtureRouter();
    const ask = async (text: string) => (await transports[transport]!(t, text, {}))?.[0];
    const told = "The document has more than 15000 comments. Send it without them.";
    expect(await ask(`${comment.repeat(15_001)}{ whoami }`)).toMatchObject({ message: told, extensions: { reason: "TOO_MANY_COMMENTS" } });
    const inTexts = `whoami @skip(if: "${"#".repeat(9_000)}") other: whoami @skip(if: """\n${"#\n".repeat(9_000)}""")`;
    expect((await ask(`${comment.repeat(15_000)}{ ${inTexts} }`))?.message).toContain("Boolean cannot represent");
  });
});
