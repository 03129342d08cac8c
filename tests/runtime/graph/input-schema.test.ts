import { chain, rows, setup, type TestDsl, type TestRuntime } from "./setup.ts";

const create = `mutation($input: CreateRunInput!) { createRun(input: $input) { id status } }`;
const lead = {
  type: "object",
  properties: { email: { type: "string" }, visits: { type: "integer", minimum: 0 }, tags: { type: "array", items: { type: "string" } } },
  required: ["email"],
  additionalProperties: false,
};

async function withSchema(schema: object): Promise<TestRuntime> {
  const t = await setup();
  t.graph.version("v1", { ...chain("a"), input_schema: schema });
  return t;
}

const ask = (input: object, more: object = {}) => ({ input: { workflowVersionId: "v1", input, ...more } });

describe("createRun of a workflow with an input_schema", () => {
  it.each<[string, object, string[]]>([
    ["nothing is there", {}, ["/email"]],
    ["all that is wrong", { email: 1, visits: -1, tags: ["a", 2], nmae: "x" }, ["/email", "/visits", "/tags/1", "/nmae"]],
    ["null is no text", { email: null }, ["/email"]],
  ])("refuses with all problems at once: %s", async (_, input, fields) => {
    const t = await withSchema(lead);
    const { code, reason, field, id, problems } = await t.refusal(create, ask(input));
    expect({ code, reason, field, id }).toEqual({ code: "BAD_USER_INPUT", reason: "INPUT_INVALID", field: "input", id: "v1" });
    expect((problems as { field: string }[]).map((problem) => problem.field).toSorted()).toEqual(fields.toSorted());
    expect(await rows(t, "select id from runtime.run")).toEqual([]);
  });

  it("names fields as they are called, and says what to do about one that is none", async () => {
    const t = await withSchema({
      properties: { "straße 1/2": { type: "object", properties: { "%20": { type: "string" } } } },
      additionalProperties: false,
    });
    const { problems } = await t.refusal(create, ask({ "straße 1/2": { "%20": 1 }, größe: 1 }));
    expect(problems).toEqual([
      { field: "/straße 1~12/%20", message: expect.any(String) },
      { field: "/größe", message: "Nothing is taken here: leave it out." },
    ]);
  });

  it("takes what fits, and what was asked before with the same key", async () => {
    const t = await withSchema(lead);
    const given = ask({ email: "a@example.com", visits: 0 }, { idempotencyKey: "k" });
    const first = await t.ask<{ createRun: { id: string } }>(create, given);
    expect(await t.ask(create, given)).toEqual(first);
  });

  it("looks at patterns and references beside the main loop, and gives up on what takes too long", async () => {
    const t = await withSchema({ properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: { pattern: "^(a+)+$" } } });
    expect(await t.refusal(create, ask({ a: "b" }))).toMatchObject({ reason: "INPUT_INVALID", problems: [{ field: "/a" }] });
    expect(await t.refusal(create, ask({ a: `${"a".repeat(200)}b` }))).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      reason: "INPUT_CHECK_TOO_SLOW",
      field: "input",
    });
    await t.ask(create, ask({ a: "aaa" }));
  });
});

describe("a sub-workflow with an input_schema", () => {
  const outer = (input: object, more: object = {}): TestDsl => ({
    nodes: [{ id: "sub", type: "sub-workflow", config: { workflow_version_id: "v1", input }, ...more }],
    edges: [],
  });
  const run = `mutation($id: ID!) { executeRun(id: $id, input: { workerKey: "w" }) { run { status errorCode outputText
    nodeRuns { edges { node { path status errorCode errorMessage input } } } } } }`;
  interface Ran {
    executeRun: {
      run: {
        status: string;
        errorCode: string | null;
        nodeRuns: { edges: { node: { path: string; errorMessage: string; input: object } }[] };
      };
    };
  }

  it("opens with an input that fits", async () => {
    const t = await withSchema(lead);
    const id = await t.create(outer({ email: "{{ input.email }}" }), { input: { email: "a" } });
    const { executeRun } = await t.ask<Ran>(run, { id });
    expect(executeRun.run).toMatchObject({ status: "COMPLETED" });
    expect(executeRun.run.nodeRuns.edges[0]?.node.input).toEqual({ input: { email: "a" } });
  });

  it("fails with all problems of one that does not, which its on_error may handle", async () => {
    const t = await withSchema(lead);
    const wrong = { visits: "{{ input.visits }}", more: 1 };
    const { executeRun } = await t.ask<Ran>(run, { id: await t.create(outer(wrong), { input: { visits: -1 } }) });
    expect(executeRun.run).toMatchObject({ status: "FAILED", errorCode: "INPUT_INVALID" });
    const node = executeRun.run.nodeRuns.edges[0]?.node;
    expect(node?.path).toBe("sub");
    for (const field of ["/email", "/visits", "/more"]) expect(node?.errorMessage).toContain(field);
    const handled = await t.create(outer(wrong, { on_error: { default: { output_text: "none" } } }), { input: { visits: -1 } });
    expect((await t.ask<Ran>(run, { id: handled })).executeRun.run).toMatchObject({ status: "COMPLETED", outputText: "none" });
  });
});
