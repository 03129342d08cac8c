/** Nothing runs where the test programs get out, or what they say is not to be believed. */
import { javascriptProblem } from "../../../subgraphs/runtime/sandbox/javascript-self-test.ts";
import { notRun, type EngineTest, type ProgramEngine, type SandboxResult } from "../../../subgraphs/runtime/sandbox/sandbox.ts";
import { TestedEngine } from "../../../subgraphs/runtime/sandbox/tested-engine.ts";

const completed = (result: Extract<SandboxResult, { kind: "completed" }>["result"]): SandboxResult => ({
  kind: "completed",
  result,
  stdout: "",
  durationMs: 1,
});
const failed = (code: "CODE_TIMEOUT" | "CODE_ERROR"): SandboxResult => ({
  kind: "failed",
  code,
  message: "why",
  stdout: "",
  durationMs: 1,
});

describe("the self-test of JavaScript", () => {
  it.each([
    ["passes where nothing gets out", [completed({ echo: "hello", escapes: [] }), failed("CODE_TIMEOUT")], null],
    [
      "names what gets out",
      [completed({ echo: "hello", escapes: ["takes_memory", "reads_the_stack"] })],
      /does not hold.*takes memory, reads the stack/,
    ],
    ["fails where the answer is another's", [completed({ echo: "other", escapes: [] })], /wrong answer/],
    ["fails where there is no list", [completed({ echo: "hello" })], /wrong answer/],
    ["fails where the program does", [failed("CODE_ERROR")], /^why$/],
    ["fails where no deadline holds", [completed({ echo: "hello", escapes: [] }), completed(null)], /past its deadline/],
    ["fails where what ended was no deadline", [completed({ echo: "hello", escapes: [] }), failed("CODE_ERROR")], /past its deadline/],
  ] as [string, SandboxResult[], RegExp | null][])("%s", async (_what, answers, problem) => {
    const told = await javascriptProblem(async () => answers.shift() ?? failed("CODE_ERROR"));
    if (problem === null) expect(told).toBeNull();
    else expect(told).toMatch(problem);
  });
});

/** An engine whose tests have these outcomes, one after the other. */
class ScriptedEngine implements ProgramEngine {
  tests = 0;
  readonly #outcomes: EngineTest[];
  readonly #ran: SandboxResult;

  constructor(outcomes: EngineTest[], ran: SandboxResult = completed(1)) {
    this.#outcomes = outcomes;
    this.#ran = ran;
  }

  async test(): Promise<EngineTest> {
    return this.#outcomes[Math.min(this.tests++, this.#outcomes.length - 1)]!;
  }

  async run(): Promise<SandboxResult> {
    return this.#ran;
  }

  async close(): Promise<void> {}
}

describe("a tested engine", () => {
  const program = { code: "", payload: null, timeoutMs: 1, signal: new AbortController().signal };

  it("is tested once, however many ask", async () => {
    const engine = new ScriptedEngine([{ note: "as nobody" }]);
    const tested = new TestedEngine(engine);
    expect(await Promise.all([tested.problem(), tested.problem(), tested.note()])).toEqual([null, null, "as nobody"]);
    expect(engine.tests).toBe(1);
  });

  it("that does not hold has a problem and no note", async () => {
    const tested = new TestedEngine(new ScriptedEngine([{ problem: "It does not hold." }]));
    expect(await tested.problem()).toBe("It does not hold.");
    expect(await tested.note()).toBeNull();
  });

  it("that cannot begin a program is busy, and tested anew", async () => {
    const engine = new ScriptedEngine([{ note: null }, { problem: "No processes are left." }], notRun("SANDBOX_UNAVAILABLE", "no process"));
    const tested = new TestedEngine(engine);
    expect(await tested.problem()).toBeNull();
    expect(await tested.run(program)).toMatchObject({ code: "SANDBOX_BUSY", message: "no process" });
    expect(await tested.problem()).toBe("No processes are left.");
  });
});
