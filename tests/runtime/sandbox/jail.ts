import type { Json } from "#shared/json.ts";
import { openSandbox } from "../../../subgraphs/runtime/sandbox/open-sandbox.ts";
import type { SandboxPort, SandboxRequest, SandboxResult } from "../../../subgraphs/runtime/sandbox/sandbox.ts";

/** The Python that the tests use: as the platform would, from PATH. */
export const jail = openSandbox({ pythonBin: "python3", maxTimeoutMs: 100_000 });

/** Why this host cannot jail a program; null where it can. */
export const noJail = await jail.unavailableReason("python");

/** `describe` where this host can jail a program; else a skipped one that says why. */
export function describeWithJail(name: string, body: () => void): void {
  if (noJail === null) describe(name, body);
  else describe.skip(`${name} (skipped: ${noJail})`, body);
}

/** Runs Python with a time-out that nothing here is to reach, unless it says so. */
export function runPython(code: string, options: Partial<SandboxRequest> = {}, sandbox: SandboxPort = jail): Promise<SandboxResult> {
  return sandbox.run({
    tenantId: "acme",
    language: "python",
    code,
    payload: null,
    timeoutMs: 100_000,
    signal: new AbortController().signal,
    ...options,
  });
}

/** What a program made of its payload; a failure of the program is the test's. */
export async function resultOf(code: string, payload: Json = null): Promise<Json> {
  const outcome = await runPython(code, { payload });
  if (outcome.kind === "failed") throw new Error(`${outcome.code}: ${outcome.message}\n${outcome.stdout}`);
  return outcome.result;
}
