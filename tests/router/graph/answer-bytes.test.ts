/** What the router holds of answers: bounded for a request, a tenant and in all, counted while they come. */
import { AppError } from "#shared/errors.ts";
import { AnswerBytes, answerLimits, jsonBytesOf } from "../../../router/graph/answer-bytes.ts";
import { fixtureRouter, modes } from "../../testkit/fixture-router.ts";

const reasonOf = (work: () => void) => {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof AppError ? error.reason : error;
  }
};

describe("the bytes of answers", () => {
  const limits = { requestBytes: 60, tenantBytes: 100, totalBytes: 150 };
  const field = () => "runs";

  it("are bounded for a request, a tenant and in all, and given back", () => {
    const bytes = new AnswerBytes(limits);
    const open = (tenantId: string) => bytes.open({ tenantId, isMutation: false });
    const [a1, a2, b1, b2] = [open("a"), open("a"), open("b"), open("b")];
    expect(reasonOf(() => a1.take(61, field))).toBe("ANSWER_TOO_LARGE");
    // It is refused for good: what has been let go of it is not there any more.
    expect(reasonOf(() => a1.take(1, field))).toBe("ANSWER_TOO_LARGE");
    a2.take(60, field);
    const a3 = open("a");
    expect(reasonOf(() => a3.take(41, field))).toBe("TENANT_ANSWERS_BUSY");
    b1.take(60, field);
    expect(reasonOf(() => b2.take(31, field))).toBe("ANSWERS_BUSY");
    for (const meter of [a1, a2, a3, b1, b2]) meter.release();
    expect(bytes.held).toBe(0);
    a2.release();
    expect(bytes.held).toBe(0);
  });

  it("have half of them for one tenant at most, whatever the whole is", () => {
    for (const total of [2, 64, 256, 2_047].map((mib) => mib << 20)) {
      const { requestBytes, tenantBytes } = answerLimits(total);
      expect(tenantBytes).toBe(total / 2);
      expect(requestBytes).toBeLessThanOrEqual(tenantBytes);
    }
  });

  it.each([
    [{ a: "x".repeat(1_000), b: [1, 2, { c: null }] }],
    [Array(500).fill("")],
    ["text"],
    [Array.from({ length: 300 }, () => ({ id: 1 }))],
  ])("are told of a value without printing it", (value) => {
    const printed = JSON.stringify(value).length;
    const told = jsonBytesOf(value, Infinity);
    expect(told).toBeGreaterThanOrEqual(printed * 0.8);
    expect(told).toBeLessThanOrEqual(printed * 4);
  });

  it("are not told to the end where that is too much anyway", () => {
    const endless: unknown[] = [];
    endless.push(endless, endless);
    expect(jsonBytesOf(endless, 1_000)).toBeGreaterThan(1_000);
  });
});

describe.each(modes)("an answer, %s,", (mode) => {
  const text = "x".repeat(10_000);
  const echo = "query ($v: JSON) { a: echo(value: $v) b: echo(value: $v) }";
  const asTenant = (tenantId: string) => ({ headers: { "x-tenant-id": tenantId } });

  it("that is too large is refused with the field and what to do, and the next one answered", async () => {
    await using t = await fixtureRouter({ mode, answers: { requestBytes: 15_000 } });
    const { status, body } = await t.ask(echo, { variables: { v: text }, headers: { "x-request-id": "r-1" } });
    expect([status, body]).toEqual([
      200,
      {
        data: null,
        errors: [
          {
            message: expect.stringContaining("Ask for smaller pages"),
            extensions: {
              ...{ code: "RESOURCE_EXHAUSTED", reason: "ANSWER_TOO_LARGE", field: "a, b", requestId: "r-1" },
              limitBytes: 15_000,
              effectUnknown: false,
            },
          },
        ],
      },
    ]);
    expect((await t.ask("{ a: echo(value: 1) }")).body).toEqual({ data: { a: 1 } });
  });

  it("that is long comes whole, and tells its length", async () => {
    await using t = await fixtureRouter({ mode });
    const long = 'a\u00e9\u{1f600}"\n'.repeat(40_000);
    const { status, body, headers } = await t.ask(echo, { variables: { v: long } });
    expect([status, body]).toEqual([200, { data: { a: long, b: long } }]);
    expect(Number(headers["content-length"])).toBe(Buffer.byteLength(`${JSON.stringify(body)}\n`));
  });

  it("is counted over all subgraphs, and the next of them is not asked", async () => {
    await using t = await fixtureRouter({ mode, answers: { requestBytes: 1_500 } });
    const { body } = await t.ask("{ runs(first: 100) { id seq cost parent { id spans { name } } } }");
    expect(body.errors?.map(({ extensions }) => extensions?.["reason"])).toEqual(["ANSWER_TOO_LARGE"]);
    expect(t.seen.map(({ subgraph }) => subgraph)).toEqual(["runs"]);
  });

  it("of a mutation that is too large says that the mutation may have been done", async () => {
    await using t = await fixtureRouter({ mode, answers: { requestBytes: 100 } });
    const { body } = await t.ask("mutation ($n: String!) { addStep(name: $n) }", { variables: { n: text } });
    expect(body).toMatchObject({ data: null, errors: [{ extensions: { reason: "ANSWER_TOO_LARGE", effectUnknown: true } }] });
    expect(t.steps).toHaveLength(1);
  });

  it("that its client does not read leaves other tenants their half", async () => {
    await using t = await fixtureRouter({ mode, answers: { requestBytes: 12_000_000, tenantBytes: 12_000_000, totalBytes: 24_000_000 } });
    const large = "x".repeat(3_500_000);
    // Its head comes, and of its body what sockets take; the rest is held for whoever reads it.
    const thrice = "query ($v: JSON) { a: echo(value: $v) b: echo(value: $v) c: echo(value: $v) }";
    const unread = await fetch(t.router.url, {
      method: "POST",
      headers: { "content-type": "application/json", "x-tenant-id": "slow" },
      body: JSON.stringify({ query: thrice, variables: { v: large } }),
    });
    const again = await t.ask(thrice, { variables: { v: large }, ...asTenant("slow") });
    expect(again.body.errors).toMatchObject([{ extensions: { reason: "TENANT_ANSWERS_BUSY", retryAfterMs: 1_000 } }]);
    expect((await t.ask(thrice, { variables: { v: large }, ...asTenant("other") })).body.errors).toBeUndefined();
    await unread.text();
  });

  it("of an event of a subscription is bounded too; the stream goes on", async () => {
    await using t = await fixtureRouter({ mode, answers: { requestBytes: 200 } });
    const events = t.stream('subscription { runEvents(id: "1") { ... on Run { spans(first: 50) { name } } ... on LogLine { text } } }');
    const first = events.next();
    await t.sources.untilActive(1);
    t.sources.push("1", { runEvents: { __typename: "Run", id: "1" } });
    expect((await first).value).toMatchObject({ data: null, errors: [{ extensions: { reason: "ANSWER_TOO_LARGE" } }] });
    const second = events.next();
    t.sources.push("1", { runEvents: { __typename: "LogLine", text: "line" } });
    expect((await second).value).toEqual({ data: { runEvents: { text: "line" } } });
  });
});
