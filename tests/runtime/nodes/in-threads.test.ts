/** What strangers wrote and is not small is given to the threads; by what is asked of them, and not by the clock, which a busy machine slows. */
import type { Evaluator } from "#shared/evaluation/job.ts";
import type { NodeType } from "#shared/dsl/node-types.ts";
import { nodeExecutors } from "../../../subgraphs/runtime/nodes/registry.ts";
import type { NodePorts } from "../../../subgraphs/runtime/nodes/executor.ts";
import { startHttpServer } from "../../testkit/http-server.ts";
import { fakeNodeContext, loopbackFetch } from "../../testkit/node-context.ts";

/** Threads that do nothing: a node that asks them waits for ever. */
function setup() {
  const asked: string[] = [];
  const called = Promise.withResolvers<"in a thread">();
  const evaluation: Evaluator = {
    run: (job) => {
      asked.push(job.name);
      called.resolve("in a thread");
      return new Promise(() => {});
    },
  };
  const evaluated = async (type: NodeType, config: object, input: object, ports: Partial<NodePorts> = {}) => {
    const context = fakeNodeContext({ config: config as never, scope: { input: input as never }, ports: { ...ports, evaluation } });
    return Promise.race([called.promise, Promise.resolve(nodeExecutors[type].run(context)).then(({ kind }) => kind)]);
  };
  return { asked, evaluated };
}

const numbers = { list: Array.from({ length: 3_000 }, (_, index) => index) };
const long = { list: [{ a: 1 }], text: "x".repeat(20_000), path: `${"a.".repeat(20_000)}a` };

describe("a node that computes from what a stranger wrote", () => {
  it.each<[string, NodeType, object, object]>([
    ["doubles a text", "if-else", { expression: `size(['aaaaaaaa']${".map(x, x+x)".repeat(24)}[0]) > 1` }, {}],
    [
      "filters within a filter",
      "if-else",
      { expression: "size(input.list.filter(a, size(input.list.filter(b, b > a)) > 5)) > 1" },
      numbers,
    ],
    ["matches a pattern", "if-else", { expression: "input.text.matches('(a+)+$')" }, long],
    [
      "looks in a long list",
      "if-else",
      { expression: "5 in input.list" },
      { list: numbers.list.map((number) => `${number}${"-".repeat(9)}`) },
    ],
    ["takes a text for a path", "template-transform", { template: "{{ input.list | map: input.path | size }}" }, long],
    ["makes a range", "template-transform", { template: "{{ (1..9999999) | first }}" }, {}],
    ["loops", "answer", { answer: "{% for a in (1..99999) %}{{ a }}{% endfor %}" }, {}],
    ["only says what it reads, which is long", "answer", { answer: "{{ input.text }}" }, long],
    ["is long itself", "answer", { answer: "a".repeat(9_000) }, {}],
    ["gives many names", "assigner", { assignments: Object.fromEntries(numbers.list.map((name) => [`a${name}`, "{{ input.a }}"])) }, {}],
    ["hides the loop beneath", "assigner", { assignments: { deep: [{ deeper: "{% for a in (1..99999) %}{% endfor %}" }] } }, {}],
    ["searches documents of its config", "knowledge-retrieval", { query: "tea", documents: ["tea"] }, {}],
    ["has a query that loops", "knowledge-retrieval", { query_template: "{% for a in (1..9) %}a{% endfor %}", documents: ["tea"] }, {}],
    ["makes its program's input", "code", { code: "result = 1", input_json: { a: "{{ input.list | join }}" } }, numbers],
    ["makes a prompt", "llm", { prompt: "{% for a in (1..99999) %}{{ a }}{% endfor %}" }, {}],
    ["makes a tool's arguments", "tool", { tool_binding_id: "b", arguments: { a: "{{ input.list | join }}" } }, numbers],
  ])("leaves it to a thread where it %s", async (_, type, config, input) => {
    const { evaluated } = setup();
    expect(await evaluated(type, config, input)).toBe("in a thread");
  });

  it("leaves documents from elsewhere to a thread, too, before anything is made of them", async () => {
    const server = await startHttpServer();
    server.on("GET /documents", { body: "[" });
    try {
      const { asked, evaluated } = setup();
      const config = { query: "tea", source_url: `${server.url}/documents` };
      expect(await evaluated("knowledge-retrieval", config, {}, { fetch: loopbackFetch([server.hostPort]) })).toBe("in a thread");
      expect(asked).toEqual(["retrieveDocuments"]);
    } finally {
      await server.close();
    }
  });

  it.each<[NodeType, object]>([
    ["answer", { answer: "Hello {{ input.name }}" }],
    ["template-transform", { template: "{{ input.name }}" }],
    ["assigner", { assignments: { name: "{{ input.name }}" } }],
    ["if-else", { expression: "input.name == 'Ada'" }],
  ])("does what is small here and now: %s", async (type, config) => {
    const { asked, evaluated } = setup();
    expect(await evaluated(type, config, { name: "Ada" })).toBe("completed");
    expect(asked).toEqual([]);
  });
});
