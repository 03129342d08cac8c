import type { Program, SandboxResult } from "./sandbox.ts";

// Each attempt does no harm where it succeeds. The program lists what it was able to do.
const attempts = `
const world = () => (0, eval)("this");
const made = (f) => f.constructor("return typeof process !== 'undefined' || typeof require !== 'undefined'")();
const attempts = {
  reaches_the_process: () => typeof process !== "undefined" || typeof require !== "undefined" || typeof module !== "undefined",
  reaches_it_by_a_function: () => made(() => 0) || made(console.log) || made(console.log.constructor),
  reaches_it_by_an_async_function: () => typeof (async () => 0).constructor("return 0")().then !== "function",
  finds_names_of_the_host: () => ["fetch", "WebAssembly", "Buffer", "Deno", "std", "os", "setTimeout", "Worker", "XMLHttpRequest", "importScripts", "write"].some((name) => name in world()),
  reads_the_stack: () => /node:|file:|\\/(usr|home|root|work)\\b/.test(new Error().stack),
  takes_memory: () => new ArrayBuffer(1 << 30).byteLength > 0,
};
result = { echo: payload, escapes: Object.keys(attempts).filter((name) => { try { return attempts[name](); } catch { return false; } }) };
`;

const endless = "for (;;) {}";

/** Runs programs that try to get out, and one that does not end. null: they got nowhere; else why no program should run here. */
export async function javascriptProblem(run: (program: Program) => Promise<SandboxResult>): Promise<string | null> {
  const program = { payload: "hello", signal: new AbortController().signal };
  const outcome = await run({ ...program, code: attempts, timeoutMs: 20_000 });
  if (outcome.kind === "failed") return outcome.message;
  const { echo, escapes } = outcome.result as { echo?: unknown; escapes?: unknown };
  if (echo !== "hello" || !Array.isArray(escapes)) return "The sandbox's self-test gave a wrong answer.";
  if (escapes.length > 0) return `The sandbox does not hold: a program ${escapes.join(", ").replaceAll("_", " ")}.`;
  const ended = await run({ ...program, code: endless, timeoutMs: 20 });
  return ended.kind === "failed" && ended.code === "CODE_TIMEOUT" ? null : "The sandbox does not hold: a program runs past its deadline.";
}
