import { openSandbox, type SandboxOptions } from "../../../subgraphs/runtime/sandbox/open-sandbox.ts";
import { runJavaScript, sandbox, valueOf } from "./programs.ts";

afterAll(() => sandbox.close());

/** A sandbox of a test's own, closed behind it. */
async function withSandbox<T>(options: Partial<SandboxOptions>, use: (own: typeof sandbox) => Promise<T>): Promise<T> {
  const own = openSandbox({ pythonBin: "python3", maxTimeoutMs: 100_000, ...options });
  try {
    return await use(own);
  } finally {
    await own.close();
  }
}

describe("the JavaScript sandbox", () => {
  it("gives payload to the program and takes result and printed text from it (S-59)", async () => {
    const code =
      "const total = payload.numbers.reduce((a, b) => a + b, 0);\nconsole.log(`total=${total}`);\nresult = { total, count: payload.numbers.length };";
    expect(await runJavaScript(code, { payload: { numbers: [1, 2, 3, 4] } })).toMatchObject({
      kind: "completed",
      result: { total: 10, count: 4 },
      stdout: "total=10\n",
    });
  });

  it.each([
    ["an assignment", "result = 1"],
    ["a const", "const result = 1"],
    ["a let", "let result = 1"],
    ["a var", "var result = 1"],
    ["an assignment in strict code", "'use strict';\nresult = 1"],
    ["a promise", "result = (async () => { await null; return 1; })()"],
    ["what main gives back", "function main(payload) { return payload + 1; }"],
    ["what main gives back later", "async function main(payload) { await null; return payload + 1; }"],
    ["what a main that is a value gives back", "const main = (payload) => payload + 1"],
    ["main of the payload as the program left it", "payload = 41;\nfunction main(value) { return value - 40; }"],
    ["a result beside a main", "function main() { return 2; }\nresult = 1"],
    ["a result that is null beside a main", "function main() { return 2; }\nresult = null", null],
    ["nothing", "const x = 1", null],
  ])("takes as its result %s", async (_what, code, result: number | null = 1) => {
    expect(await valueOf(code, 0)).toBe(result);
  });

  it.each([
    "function main(payload) { console.log('once') }\nmain(payload)",
    "const main = () => { console.log('once') }; [1].forEach(main)",
    "// main()\nconst main = () => { console.log('once') }",
    "const text = 'main('; function main() { console.log('once') }",
  ])("calls no main twice: %j", async (code) => {
    expect(await runJavaScript(code)).toMatchObject({ kind: "completed", stdout: "once\n" });
  });

  it("carries every kind of JSON there and back", async () => {
    const payload = {
      text: 'ü \u{1F600} \\ "\u0000 \ud800',
      list: [1, -2.5, 1e300, true, null, []],
      nested: { "": { a: "\n" }, __proto__x: 1 },
    };
    expect(await valueOf("result = payload", payload)).toEqual(payload);
    expect(await valueOf("result = Object.keys(payload)", JSON.parse('{"__proto__": 1}'))).toEqual(["__proto__"]);
  });

  it("takes what JSON.stringify makes of dates and of keys without a value", async () => {
    expect(await valueOf("result = { at: new Date(0), none: undefined, [Symbol('s')]: 1 }")).toEqual({ at: "1970-01-01T00:00:00.000Z" });
  });

  it("prints by every method of console, whatever it is given", async () => {
    const code = `
console.log("text", 1, -0.5, null, undefined, true, 10n, Symbol("s"));
console.info({ a: [1] }, new Map([["k", 1]]), new Set([1]), () => 1);
console.warn(new TypeError("no")); const a = {}; a.a = a; console.error(a); console.debug();
console.log("a\\0b", "ü");`;
    expect(await runJavaScript(code)).toMatchObject({
      stdout: [
        "text 1 -0.5 null undefined true 10n Symbol(s)",
        '{"a":[1]} [["k",1]] [1] [Function (anonymous)]',
        "TypeError: no (line 4)",
        "[Object]",
        "",
        "a\ufffdb ü",
        "",
      ].join("\n"),
    });
  });

  it("names error and line of a program that fails, and keeps what it printed", async () => {
    expect(await runJavaScript("console.log('so far');\nfunction f() {\n  throw new RangeError('too small');\n}\nf()")).toMatchObject({
      kind: "failed",
      code: "CODE_ERROR",
      message: "RangeError: too small (line 3)",
      stdout: "so far\n",
    });
  });

  it.each([
    ["let x = (\n1", /^SyntaxError: .* \(line 2\)$/],
    ["payload.absent", /^TypeError: .* \(line 1\)$/],
    ["\nfetch('http://127.0.0.1')", /^ReferenceError: .*fetch.* \(line 2\)$/],
    ["throw 'a word'", /^The program threw a word$/],
    ["throw { a: 1 }", /^The program threw \{"a":1\}$/],
    ["class E extends Error { get message() { throw this; } }\nthrow new E()", /its message cannot be shown/],
    ["function main() {\n  null.x\n}", /^TypeError: .* \(line 2\)$/],
    ["async function main() {\n  throw new TypeError('later')\n}", /^TypeError: later \(line 2\)$/],
    ["result = new Promise(() => {})", /promise that nothing settles/],
    ["result = { get a() { throw new Error('in a getter') } }", /^Error: in a getter \(line 1\)$/],
    ["function f() { return f() + 1 }\nf()", /^InternalError: stack overflow/],
    ["eval('['.repeat(100000))", /./],
    ["new RegExp('('.repeat(100000))", /^SyntaxError/],
    ["import x from 'os'", /^SyntaxError/],
    ["await import('os')", /^SyntaxError/],
    ["result = import('os')", /./],
  ])("reports %j as CODE_ERROR", async (code, message) => {
    expect(await runJavaScript(code)).toMatchObject({ kind: "failed", code: "CODE_ERROR", message: expect.stringMatching(message) });
  });

  it.each([
    ["result = NaN", "result is NaN"],
    ["result = { a: [1, -Infinity] }", 'result["a"][1] is -Infinity'],
    ["result = [undefined]", "result[0] is of type undefined"],
    ["result = { at: new Map() }", 'result["at"] is of type Map'],
    ["result = new Uint8Array(3)", "result is of type Uint8Array"],
    ["result = 1n", "result is of type bigint"],
    ["result = { f() {} }", 'result["f"] is of type function'],
    ["result = /x/", "result is of type RegExp"],
    ["result = []; result.push(result)", "nested more than 200 deep"],
    ["result = {}; result.a = result", "nested more than 200 deep"],
  ])("refuses the result of %j and says where it is not JSON", async (code, message) => {
    expect(await runJavaScript(code)).toMatchObject({
      kind: "failed",
      code: "CODE_RESULT_NOT_JSON",
      message: expect.stringContaining(message),
    });
  });

  it.each([
    ["in a loop", "for (;;) {}"],
    ["in a loop that catches all", "for (;;) { try { for (;;) {} } catch {} }"],
    ["in a loop after another", "try { for (;;) {} } finally { for (;;) {} }"],
    ["in a regular expression", "/(a+)+$/.test('a'.repeat(40) + 'b')"],
    ["in promises", "(async () => { for (;;) await null; })()"],
    ["in a getter of its result", "result = { get a() { for (;;) {} } }"],
    ["in its result's toJSON", "result = { toJSON() { for (;;) {} } }"],
    ["in what describes its error", "throw Object.create(Error.prototype, { message: { get() { for (;;) {} } } })"],
    ["in QuickJS, where nothing looks at a clock", "for (;;) (3n ** 600000n).toString()"],
  ])("ends a program at its time-out while it is %s, and keeps what it printed", async (_name, loop) => {
    expect(await runJavaScript(`console.log("begun");\n${loop}`, { timeoutMs: 300 })).toMatchObject({
      kind: "failed",
      code: "CODE_TIMEOUT",
      message: "The program ran longer than 300 ms.",
      stdout: "begun\n",
    });
    expect(await valueOf("result = 1")).toBe(1);
  });

  it("caps a program's own time-out by AGENT_PLATFORM_MAX_TIMEOUT_SECONDS (S-99)", async () => {
    const outcome = await withSandbox({ maxTimeoutMs: 200 }, (own) => runJavaScript("for (;;) {}", { timeoutMs: 60_000 }, own));
    expect(outcome).toMatchObject({ code: "CODE_TIMEOUT", message: /200 ms/ });
  });

  it.each(["for (;;) {}", "for (;;) (3n ** 600000n).toString()"])("ends a program when the signal fires: %j", async (code) => {
    const stop = new AbortController();
    const running = runJavaScript(code, { signal: stop.signal });
    setImmediate(() => stop.abort());
    expect(await running).toMatchObject({ kind: "failed", code: "CODE_CANCELLED" });
  });

  it.each([
    "'x'.repeat(1e9)",
    "new ArrayBuffer(1e9)",
    "new Array(1e9).fill(0)",
    "const a = []; for (;;) a.push('x'.repeat(1e6) + a.length)",
    "let a = 'x'; for (;;) a += a",
    "const a = []; for (;;) a.push(new Uint8Array(1e6))",
    "const a = []; for (;;) a.push({})",
  ])("bounds memory: %j", async (code) => {
    expect(await runJavaScript(code)).toMatchObject({ kind: "failed", code: "CODE_MEMORY", message: /128 MiB/ });
  });

  it("bounds memory to the MiB", async () => {
    expect(await valueOf("result = new Uint8Array(126 << 20).length")).toBe(126 << 20);
    expect(await runJavaScript("result = new Uint8Array(129 << 20).length")).toMatchObject({ code: "CODE_MEMORY" });
  });

  it("stops a program that prints without end, and keeps the beginning", async () => {
    for (const code of ["for (;;) console.log('x'.repeat(1000))", "for (;;) { try { console.log('x'.repeat(1000)) } catch {} }"]) {
      const outcome = await runJavaScript(code);
      expect(outcome).toMatchObject({ kind: "failed", code: "CODE_OUTPUT_TOO_LARGE", message: /printed more than 1048576 bytes/ });
      expect(outcome.stdout.length).toBe(1 << 20);
    }
  });

  it("bounds the result in bytes and in values", async () => {
    await withSandbox({ limits: { resultBytes: 1_000 } }, async (own) => {
      for (const code of ["result = 'x'.repeat(2000)", "result = 'ü'.repeat(600)"])
        expect(await runJavaScript(code, {}, own)).toMatchObject({ code: "CODE_OUTPUT_TOO_LARGE", message: /larger than 1000 bytes/ });
      expect(await runJavaScript("result = 'ü'.repeat(400)", {}, own)).toMatchObject({ kind: "completed" });
    });
    expect(await runJavaScript("result = new Array(1.5e6).fill(0)")).toMatchObject({
      code: "CODE_OUTPUT_TOO_LARGE",
      message: /more than 1000000 values/,
    });
    expect(await runJavaScript("result = ',[{'.repeat(1e6)")).toMatchObject({ kind: "completed" });
  });

  it("runs only so many programs at once, and refuses when too many wait", async () => {
    await withSandbox({ concurrency: 1, queue: 1 }, async (own) => {
      await own.unavailableReason("javascript");
      const outcomes = await Promise.all([1, 2, 3].map((n) => runJavaScript(`result = ${n}`, {}, own)));
      expect(outcomes.map((outcome) => (outcome.kind === "completed" ? outcome.result : outcome.code))).toEqual([1, 2, "SANDBOX_BUSY"]);
    });
  });

  it("runs a program of one tenant while another's run in all turns that are theirs", async () => {
    await withSandbox({ concurrency: 1 }, async (own) => {
      const stop = new AbortController();
      const endless = [1, 2, 3].map(() => runJavaScript("for (;;) {}", { tenantId: "heavy", signal: stop.signal }, own));
      expect(await runJavaScript("result = 1", { tenantId: "light" }, own)).toMatchObject({ kind: "completed", result: 1 });
      stop.abort();
      expect((await Promise.all(endless)).map((outcome) => outcome.kind === "failed" && outcome.code)).toEqual(
        endless.map(() => "CODE_CANCELLED"),
      );
    });
  });

  it("needs no Python", async () => {
    await withSandbox({ pythonBin: "/nonexistent/python" }, async (own) => {
      expect(await own.notes()).toEqual([expect.stringMatching(/^code nodes in Python cannot run here: /)]);
      expect(await runJavaScript("result = 1", {}, own)).toMatchObject({ kind: "completed" });
    });
  });

  it("has failed no program that it ended by closing", async () => {
    const own = openSandbox({ pythonBin: "python3", maxTimeoutMs: 100_000 });
    await own.unavailableReason("javascript");
    const running = runJavaScript("for (;;) {}", {}, own);
    await new Promise((resolve) => setImmediate(resolve));
    await own.close();
    expect(await running).toMatchObject({ kind: "failed", code: "SANDBOX_BUSY" });
  });
});
