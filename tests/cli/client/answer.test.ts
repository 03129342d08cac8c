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
        form: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] },
        assignees: ["ann"],
        actions: [{ id: "yes" }, { id: "no" }],
      },
    },
    { id: "paid", type: "answer", config: { answer: "paid {{ nodes.ask.output.n }}" } },
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
    expect(listed.output).toBe(`${runId}:ask  PERSON  ·  Pay? [2J  ·  for ann  ·  --action yes|no\n`);
    expect((await cli("--assignee", "bob")).output).toBe("Nothing waits for anybody.\n");
    const id = `${runId}:ask`;
    expect(await cli(id, "--action", "yes", "--output", "{")).toMatchObject({ code: 2 });
    expect(await cli(id, "--action", "yes", "--output", '{"n": "x"}')).toMatchObject({ code: 1 });
    expect((await cli(id, "--action", "yes", "--output", '{"n": 3}')).output).toContain(`${id} was answered`);
    expect((await finishRun(platform, runId)).outputText).toBe("paid 3");
    const second = await cli(id, "--action", "no", "--output", '{"n": 4}');
    expect(second.code).toBe(1);
    expect(second.output).toContain("was answered by anonymous");
  });
});
