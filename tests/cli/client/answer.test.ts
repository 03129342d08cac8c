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
      `${runId}:ask  PERSON  ·  Pay? [2J  ·  asks for n (integer), how ("fast" | 1, optional), note (string, optional: For later)  ·  for ann  ·  --action yes|no\n`,
    );
    expect((await cli("--assignee", "bob")).output).toBe("Nothing waits for anybody.\n");
    const id = `${runId}:ask`;
    expect((await cli(id)).output.split("\n")).toEqual([
      `${id} waits: PERSON, for ann`,
      "",
      "Pay? [2J",
      "",
      "Form:",
      "  n (integer) – Times, maximum 9",
      '  how ("fast" | 1, optional)',
      "  note (string, optional: For later)",
      "",
      "Actions:",
      "  yes",
      "  no",
      "",
      "Answer with:",
      `  agent-platform answer ${id} --action yes|no --set 'n=…' [--set 'how=…'] [--set 'note=…']`,
      "",
    ]);
    expect(await cli(id, "--action", "yes", "--set", "n=x")).toMatchObject({
      code: 2,
      output: expect.stringContaining("n=x: n is of the type integer.") as string,
    });
    expect(await cli(id, "--action", "yes", "--output", "{")).toMatchObject({ code: 2 });
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
});
