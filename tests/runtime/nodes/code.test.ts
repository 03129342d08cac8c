import { codeNode } from "../../../subgraphs/runtime/nodes/code.node.ts";
import type { SandboxResult } from "../../../subgraphs/runtime/sandbox/sandbox.ts";
import { fakeNodeContext, ScriptedSandbox } from "../../testkit/node-context.ts";
import { describeWithJail, jail } from "../sandbox/jail.ts";

const done: SandboxResult = { kind: "completed", result: { total: 10 }, stdout: "total=10\n", durationMs: 12 };
const config = {
  language: "python",
  timeout_seconds: 3,
  input_json: { numbers: "{{ input.numbers }}" },
  code: "result = {{ not rendered }}",
};
const scope = { input: { numbers: [1, 2, 3, 4] } };

describe("a code node", () => {
  it("renders its input and takes its code literally (S-58)", async () => {
    const sandbox = new ScriptedSandbox(() => done);
    const context = fakeNodeContext({ config, scope, ports: { sandbox } });
    await codeNode.run(context);
    expect(sandbox.requests).toEqual([
      {
        tenantId: "acme",
        language: "python",
        code: "result = {{ not rendered }}",
        payload: { numbers: [1, 2, 3, 4] },
        timeoutMs: 3_000,
        signal: context.signal,
        begins: expect.any(Function) as () => void,
        entered: expect.any(Function) as () => Promise<void>,
      },
    ]);
  });

  it("is given null where its whole input is missing, and {} where it has none", async () => {
    const sandbox = new ScriptedSandbox(() => done);
    const { input_json: _, ...without } = config;
    for (const given of [
      { ...config, input_json: "{{ input.missing }}" },
      { ...config, input_json: { a: "{{ input.missing }}" } },
      without,
    ])
      await codeNode.run(fakeNodeContext({ config: given, scope, ports: { sandbox } }));
    expect(sandbox.requests.map(({ payload }) => payload)).toEqual([null, { a: null }, {}]);
  });

  it("puts result into result_json and what was printed into the text (S-59), within a CODE span", async () => {
    const context = fakeNodeContext({ config, scope, ports: { sandbox: new ScriptedSandbox(() => done) } });
    expect(await codeNode.run(context)).toEqual({
      kind: "completed",
      outputText: "total=10\n",
      outputJson: { result_json: { total: 10 } },
    });
    expect(context.spans).toMatchObject([{ spanType: "CODE", ends: 1, attributes: { "code.language": "python" } }]);
    expect(context.spans[0]?.errorCode).toBeUndefined();
  });

  it("runs in a dry run as well: nothing outside the platform is called", async () => {
    const context = fakeNodeContext({ config, scope, dryRun: true, ports: { sandbox: new ScriptedSandbox(() => done) } });
    expect(await codeNode.run(context)).toMatchObject({ kind: "completed", outputJson: { result_json: { total: 10 } } });
  });

  it.each([
    ["CODE_ERROR", false],
    ["CODE_TIMEOUT", false],
    ["CODE_MEMORY", false],
    ["CODE_OUTPUT_TOO_LARGE", false],
    ["CODE_RESULT_NOT_JSON", false],
    ["SANDBOX_UNAVAILABLE", true],
  ] as const)("fails with %s (retryable: %s), keeping what was printed", async (code, retryable) => {
    const sandbox = new ScriptedSandbox(() => ({ kind: "failed", code, message: "why", stdout: "so far", durationMs: 1 }));
    const context = fakeNodeContext({ config, scope, ports: { sandbox } });
    expect(await codeNode.run(context)).toMatchObject({
      kind: "failed",
      code,
      message: "why",
      retryable,
      outputJson: { stdout: "so far" },
    });
    expect(context.spans).toMatchObject([{ errorCode: code, errorMessage: "why", ends: 1 }]);
  });

  it("that the sandbox has no room for has not failed: it is called again, whatever retry says", async () => {
    const sandbox = new ScriptedSandbox(() => ({
      kind: "failed",
      code: "SANDBOX_BUSY",
      message: "Too many wait.",
      stdout: "",
      durationMs: 0,
    }));
    const context = fakeNodeContext({ config, scope, ports: { sandbox } });
    expect(await codeNode.run(context)).toEqual({
      kind: "interrupted",
      code: "SANDBOX_BUSY",
      message: "Too many wait. The node is called again when there is room.",
    });
    expect(context.spans).toMatchObject([{ errorCode: "SANDBOX_BUSY", ends: 1 }]);
  });

  it("that somebody outside has killed has not failed: it is called again, whatever retry says", async () => {
    const sandbox = new ScriptedSandbox(() => ({
      kind: "failed",
      code: "SANDBOX_LOST",
      message: "It was killed.",
      stdout: "",
      durationMs: 5,
    }));
    const context = fakeNodeContext({ config, scope, ports: { sandbox } });
    expect(await codeNode.run(context)).toEqual({
      kind: "interrupted",
      code: "SANDBOX_LOST",
      message: "It was killed. The node is called again.",
    });
  });

  it("that was cancelled says so, with no effect in doubt", async () => {
    const stop = new AbortController();
    const sandbox = new ScriptedSandbox(() => {
      stop.abort();
      return { kind: "failed", code: "CODE_CANCELLED", message: "", stdout: "", durationMs: 1 };
    });
    const outcome = await codeNode.run(fakeNodeContext({ config, scope, signal: stop.signal, ports: { sandbox } }));
    expect(outcome).toMatchObject({ kind: "failed", code: "NODE_CANCELLED" });
    expect(outcome).not.toMatchObject({ effectUnknown: true });
  });
});

describeWithJail("a code node with the Python sandbox", () => {
  it("runs the sample of the specification (S-58, S-59)", async () => {
    const code = "total = sum(payload['numbers'])\nprint(f'total={total}')\nresult = {'total': total, 'count': len(payload['numbers'])}";
    const context = fakeNodeContext({ config: { ...config, timeout_seconds: 20, code }, scope, ports: { sandbox: jail } });
    expect(await codeNode.run(context)).toEqual({
      kind: "completed",
      outputText: "total=10\n",
      outputJson: { result_json: { total: 10, count: 4 } },
    });
  });

  it("runs a program that begins with a byte order mark, as Python runs such a file", async () => {
    const code = "\ufeffresult = '\ufeff' + 'a'";
    const context = fakeNodeContext({ config: { ...config, timeout_seconds: 20, code }, scope, ports: { sandbox: jail } });
    expect(await codeNode.run(context)).toMatchObject({ kind: "completed", outputJson: { result_json: "\ufeffa" } });
  });
});
