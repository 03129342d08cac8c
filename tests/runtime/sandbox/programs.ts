import type { Json } from "#shared/json.ts";
import { openSandbox } from "../../../subgraphs/runtime/sandbox/open-sandbox.ts";
import type { SandboxPort, SandboxRequest, SandboxResult } from "../../../subgraphs/runtime/sandbox/sandbox.ts";

/** The sandbox that the tests of JavaScript share; idle threads hold nothing up. */
export const sandbox = openSandbox({ pythonBin: "python3", maxTimeoutMs: 100_000 });

/** Runs JavaScript with a time-out that nothing here is to reach, unless it says so. */
export function runJavaScript(code: string, options: Partial<SandboxRequest> = {}, port: SandboxPort = sandbox): Promise<SandboxResult> {
  const signal = new AbortController().signal;
  return port.run({ tenantId: "acme", language: "javascript", code, payload: null, timeoutMs: 100_000, signal, ...options });
}

/** What a program made of its payload; a failure of the program is the test's. */
export async function valueOf(code: string, payload: Json = null): Promise<Json> {
  const outcome = await runJavaScript(code, { payload });
  if (outcome.kind === "failed") throw new Error(`${outcome.code}: ${outcome.message}\n${outcome.stdout}`);
  return outcome.result;
}
