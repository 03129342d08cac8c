import { validateDsl } from "#shared/dsl/validate.ts";

const problemsOf = (concurrency: unknown): string[] =>
  validateDsl({ nodes: [{ id: "say", type: "answer", config: { answer: "x" } }], edges: [], concurrency }).map(
    ({ code, path, severity }) => `${severity} ${code} ${path}`,
  );

describe("a document's concurrency", () => {
  it.each([
    ["a key and a limit", { key: "input.customer", limit: 1 }, []],
    ["a limit alone", { limit: 1_000 }, []],
    ["a session", { key: "session.id", limit: 3 }, []],
    ["Python's words", { key: "input.a if input.b else None", limit: 1 }, ["ERROR EXPRESSION_INVALID /concurrency/key"]],
    ["no limit", { key: "input.a" }, ["ERROR CONCURRENCY_INVALID /concurrency/limit"]],
    ["a limit of none", { limit: 0 }, ["ERROR CONCURRENCY_INVALID /concurrency/limit"]],
    ["too many", { limit: 1_001 }, ["ERROR CONCURRENCY_INVALID /concurrency/limit"]],
    ["half a run", { limit: 1.5 }, ["ERROR CONCURRENCY_INVALID /concurrency/limit"]],
    ["a word that is not known", { limit: 1, keys: "x" }, ["ERROR CONCURRENCY_INVALID /concurrency"]],
    ["a number", 3, ["ERROR CONCURRENCY_INVALID /concurrency"]],
    ["an empty key", { key: "", limit: 1 }, ["ERROR CONCURRENCY_INVALID /concurrency/key"]],
    ["what is no expression", { key: "input.", limit: 1 }, ["ERROR EXPRESSION_INVALID /concurrency/key"]],
    ["a node's output", { key: "nodes.say.text", limit: 1 }, ["ERROR EXPRESSION_INVALID /concurrency/key"]],
    ["the state", { key: "state.a", limit: 1 }, ["ERROR EXPRESSION_INVALID /concurrency/key"]],
    ["the run itself", { key: "run.id", limit: 1 }, ["ERROR EXPRESSION_INVALID /concurrency/key"]],
    ["what was said", { key: "session.history[0].content", limit: 1 }, ["ERROR EXPRESSION_INVALID /concurrency/key"]],
  ])("may be %s, or is told why not", (_what, concurrency, problems) => {
    expect(problemsOf(concurrency)).toEqual(problems);
  });
});
