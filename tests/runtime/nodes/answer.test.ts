import { answerNode } from "../../../subgraphs/runtime/nodes/answer.node.ts";
import { fakeNodeContext } from "../../testkit/node-context.ts";

const scope = { state: { name: "Ada" }, nodes: { "check-score": { output: { score: 7, tags: ["a"] }, text: "seven" } } };

describe("an answer node", () => {
  it("renders its text from state and nodes (S-47, S-49)", () => {
    const config = { answer: "Hello {{ state.name }}: {{ nodes.check-score.text }} ({{ nodes.check-score.output.score }})" };
    expect(answerNode.run(fakeNodeContext({ config, scope }))).toEqual({ kind: "completed", outputText: "Hello Ada: seven (7)" });
  });

  it("takes `template` for `answer`", () => {
    expect(answerNode.run(fakeNodeContext({ config: { template: "Hi {{ state.name }}" }, scope }))).toMatchObject({ outputText: "Hi Ada" });
  });

  it("always answers text: an object is rendered as JSON", () => {
    expect(answerNode.run(fakeNodeContext({ config: { answer: "{{ nodes.check-score.output }}" }, scope }))).toEqual({
      kind: "completed",
      outputText: '{"score":7,"tags":["a"]}',
    });
  });

  it("fails with the template's code and place", () => {
    expect(answerNode.run(fakeNodeContext({ config: { answer: "{{ state.name" } }))).toMatchObject({
      kind: "failed",
      code: "TEMPLATE_INVALID",
      retryable: false,
    });
  });

  it("fails beyond 1 MiB of rendered text, naming the limit", async () => {
    const big = { state: { x: "x".repeat(600_000) } };
    expect(await answerNode.run(fakeNodeContext({ config: { answer: "{{ state.x }}{{ state.x }}" }, scope: big }))).toMatchObject({
      kind: "failed",
      code: "TEMPLATE_TOO_LARGE",
      message: expect.stringMatching(/1 ?MiB|1048576|1,048,576/),
    });
  });
});
