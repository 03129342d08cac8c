import { eventually } from "../../testkit/eventually.ts";
import { finishRun, makeWorkflow, startRun, type Dsl } from "../../testkit/graph.ts";
import { startTestPlatform, type TestPlatform } from "../../testkit/platform.ts";
import { runCli } from "../cli-process.ts";

let platform: TestPlatform;
beforeAll(async () => (platform = await startTestPlatform()));
afterAll(() => platform.stop());

const dsl: Dsl = {
  nodes: [
    {
      id: "ask",
      type: "human-input",
      config: {
        text: "Pay?\u001b[2J",
        form: {
          type: "object",
          properties: {
            n: { type: "integer", title: "Times", maximum: 9 },
            how: { enum: ["fast", 1] },
            note: { type: "string", description: "For later" },
            "x'; id; '": { type: "string" },
          },
          required: ["n"],
        },
        assignees: ["ann"],
        actions: [{ id: "yes" }, { id: "no" }],
      },
    },
    { id: "paid", type: "answer", config: { answer: "paid {{ nodes.ask.output | json }}" } },
  ],
  edges: [{ source: "ask", target: "paid", condition: "yes" }],
};

const cli = (...args: string[]) => runCli("real", ["answer", ...args, "--url", platform.url, "--tenant", "t1"]).ended;

describe("answer", () => {
  it("lists what waits, takes one answer, and says who was first", async () => {
    expect(await cli()).toMatchObject({ code: 0, output: "Nothing waits for anybody.\n" });
    const { workflowId } = await makeWorkflow(platform, dsl);
    const runId = await startRun(platform, workflowId);
    const waits = async () =>
      (await platform.post(`query ($id: ID!) { run(id: $id) { status } }`, { id: runId })).data as { run: { status: string } };
    await eventually(waits, ({ run }) => run.status === "WAITING");
    const listed = await cli("--assignee", "ann");
    expect(listed.output).toBe(
      `${runId}:ask  PERSON  ·  Pay? [2J  ·  asks for n (integer), how ("fast" | 1, optional), note (string, optional: For later), x'; id; ' (string, optional)  ·  for ann  ·  --action yes|no\n`,
    );
    expect((await cli("--assignee", "bob")).output).toBe("Nothing waits for anybody.\n");
    const id = `${runId}:ask`;
    const needed = await cli(id);
    expect([needed.code, needed.output]).toEqual([
      2,
      expect.stringContaining(`Node run ${id} waits on, for nothing was answered. Say how:`),
    ]);
    expect(needed.output).toContain("Answer with:");
    const { code, output } = await cli(id, "--show");
    expect(code).toBe(0);
    expect(output.split("\n")).toEqual([
      `${id} waits: PERSON, for ann`,
      "",
      "Pay? [2J",
      "",
      "Form:",
      "  n (integer) – Times, maximum 9",
      '  how ("fast" | 1, optional)',
      "  note (string, optional: For later)",
      "  x'; id; ' (string, optional)",
      "",
      "Actions:",
      "  yes",
      "  no",
      "",
      "Answer with:",
      `  agent-platform answer ${id} --action 'yes|no' --set 'n=…' [--set 'how=…'] [--set 'note=…'] [--set 'x'\\''; id; '\\''=…']`,
      "",
    ]);
    expect(await cli(id, "--action", "yes", "--set", "n=x")).toMatchObject({
      code: 2,
      output: expect.stringContaining("n=x: n is of the type integer.") as string,
    });
    expect(await cli(id, "--action", "yes", "--output", "{")).toMatchObject({ code: 2 });
    expect(await cli(id, "--show", "--action", "yes")).toMatchObject({ code: 2, output: expect.stringContaining("--show") as string });
    for (const whole of ["[1]", '"x"'])
      expect(await cli(id, "--action", "yes", "--output", whole, "--set", "n=3")).toMatchObject({
        code: 2,
        output: expect.stringContaining(`--output ${whole}: with --set it is a JSON object`) as string,
      });
    expect(await cli(id, "--action", "yes", "--output", '{"n": "x"}')).toMatchObject({ code: 1 });
    expect(
      (await cli(id, "--action", "yes", "--output", '{"note": "x"}', "--set", "n=3", "--set", "how=1", "--set", "note=7")).output,
    ).toContain(`${id} was answered`);
    expect((await finishRun(platform, runId)).outputText).toBe('paid {"note":"7","n":3,"how":1,"action":"yes"}');
    expect((await cli(id)).output).toContain(`Node run ${id} is COMPLETED and asks nothing: it was answered by anonymous.`);
    const second = await cli(id, "--action", "no", "--output", '{"n": 4}');
    expect(second.code).toBe(1);
    expect(second.output).toContain("was answered by anonymous");
  });

  it("without options lets go on what asks for nothing, and shows an approval", async () => {
    const { workflowId } = await makeWorkflow(platform, {
      nodes: [
        { id: "gate", type: "human-input", config: { text: "Release?" } },
        {
          id: "call",
          type: "tool",
          config: { url: "http://127.0.0.1:1/x", requires_approval: true },
          on_error: { default: {} },
        },
      ],
      edges: [{ source: "gate", target: "call" }],
    });
    const runId = await startRun(platform, workflowId);
    const waits = (id: string) =>
      eventually(
        async () =>
          (await platform.post(`query ($id: ID!) { nodeRun(id: $id) { status } }`, { id })).data as { nodeRun: { status: string } | null },
        ({ nodeRun }) => nodeRun?.status === "WAITING",
      );
    await waits(`${runId}:gate`);
    expect(await cli(`${runId}:gate`, "--show")).toMatchObject({ code: 0, output: expect.stringContaining("Release?") as string });
    expect(await cli(`${runId}:gate`)).toMatchObject({ code: 0, output: expect.stringContaining("was answered") as string });
    await waits(`${runId}:call`);
    expect(await cli(`${runId}:call`, "--json")).toMatchObject({
      code: 2,
      output: expect.stringContaining('"reason":"ANSWER_MISSING"') as string,
    });
    expect(await cli(`${runId}:call`, "--reject")).toMatchObject({ code: 0 });
    await finishRun(platform, runId);
  });
});
