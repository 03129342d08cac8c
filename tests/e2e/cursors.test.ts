/** A cursor pages the list that it came from, and no other: there it would begin anywhere. */
import { parse } from "graphql";
import type { GraphqlRequestError } from "#codegen/client/errors.ts";
import { ask, refusal } from "../testkit/graph.ts";
import { makeOneOfEach, type OneOfEach } from "../testkit/one-of-each.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";

let platform: TestPlatform;
let one: OneOfEach;
beforeAll(async () => {
  platform = await startTestPlatform();
  one = await makeOneOfEach(platform, "t1");
});
afterAll(() => platform.stop());

const roots = [
  ...["agents", "apps", "memories", "modelProviders", "requestAudits", "runs", "sessions", "skillInstallations", "skills", "teams"],
  ...["toolBindings", "tools", "workflows"],
];

interface Page {
  pageInfo: { startCursor: string };
}

/** The first cursor of a list. */
async function cursorOf(list: string, around?: string): Promise<string> {
  const page = `${list}(first: 1) { pageInfo { startCursor } }`;
  const answer = await ask<{ it: never }>(platform, `{ it: ${around === undefined ? page : `${around} { ${page} }`} }`);
  const found: Page = around === undefined ? answer.it : answer.it[list];
  return found.pageInfo.startCursor;
}

const page = (list: string, cursor: string, argument = "after") => `${list}(${argument}: "${cursor}") { nodes { __typename } }`;

it.each(roots)("a cursor of %s is none of another list of the graph", async (list) => {
  const cursor = await cursorOf(list);
  await ask(platform, `{ ${page(list, cursor)} }`);
  for (const other of roots.filter((each) => each !== list)) {
    for (const argument of ["after", "before"])
      expect([other, await refusal(platform, `{ ${page(other, cursor, argument)} }`)]).toMatchObject([
        other,
        { code: "BAD_USER_INPUT", reason: "CURSOR_INVALID", argument, value: cursor },
      ]);
  }
});

describe("a cursor of a list that hangs beneath something", () => {
  const lists: [list: string, around: (of: "first" | "second") => string][] = [
    ["nodeRuns", (of) => `run(id: "${of === "first" ? one.run : one.manualRun}")`],
    ["traceSpans", (of) => `run(id: "${of === "first" ? one.run : one.manualRun}")`],
    ["versions", (of) => `agent(id: "${one[of === "first" ? "agent" : "secondAgent"]}")`],
    ["messages", (of) => `session(id: "${one[of === "first" ? "session" : "secondSession"]}")`],
  ];
  beforeAll(async () => {
    const make = async (mutation: string) => (await ask<{ it: { id: string } }>(platform, `mutation { it: ${mutation} { id } }`)).it.id;
    one = {
      ...one,
      secondAgent: await make('createAgent(input: { code: "second", name: "Second" })'),
      secondSession: await make(`createSession(input: { appId: "${one["app"]}", userId: "u" })`),
    };
  });

  it.each(lists)("(%s) is none of the same list beneath another one, which fails alone", async (list, around) => {
    const cursor = await cursorOf(list, around("first"));
    const { data, errors } = await platform.post(
      `{ a: ${around("first")} { ${page(list, cursor)} } b: ${around("second")} { ${page(list, cursor)} } }`,
    );
    expect(data).toMatchObject({ a: { [list]: { nodes: expect.any(Array) } }, b: null });
    expect(errors).toMatchObject([{ path: ["b", list], extensions: { reason: "CURSOR_INVALID" } }]);
  });

  it("is that of its stream, and of no other run's or session's", async () => {
    const refused = async (subscription: string) => {
      const stream = platform.client().subscribe(parse(`subscription { ${subscription} { cursor } }`), {});
      return stream.next().catch((error: unknown) => (error as GraphqlRequestError).reason);
    };
    const message = await cursorOf("messages", `session(id: "${one.session}")`);
    expect(await refused(`messageAdded(sessionId: "${one.session}", after: "${message}")`)).toMatchObject({ done: false });
    expect(await refused(`messageAdded(sessionId: "${one["secondSession"]}", after: "${message}")`)).toBe("CURSOR_INVALID");
    const event = (await refused(`runEvents(runId: "${one.run}")`)) as { value: { runEvents: { cursor: string } } };
    const { cursor } = event.value.runEvents;
    expect(await refused(`runEventPages(runId: "${one.run}", after: "${cursor}")`)).toMatchObject({ done: false });
    for (const other of [one.manualRun, one.session])
      expect(await refused(`runEvents(runId: "${other}", after: "${cursor}")`)).toBe("CURSOR_INVALID");
    expect(await refused(`runEvents(runId: "${one.run}", after: "${message}")`)).toBe("CURSOR_INVALID");
  });
});
