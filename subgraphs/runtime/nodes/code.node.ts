import { codeConfig } from "#shared/dsl/configs.ts";
import type { SandboxRequest, SandboxResult } from "../sandbox/sandbox.ts";
import { rendered } from "./evaluation/evaluation.ts";
import type { NodeContext, NodeOutcome } from "./executor.ts";
import { completed, failed, outsideNode, stopped } from "./outcome.ts";
import { traced } from "./traced.ts";

const defaultTimeoutSeconds = 5;

/** `code`: runs a program in the sandbox; `payload` in, `result` → output_json.result_json, `print` → output_text (S-58, S-59). */
export const codeNode = outsideNode(async (context) => {
  const config = codeConfig.parse(await rendered(context, "code"));
  const request = {
    tenantId: context.tenantId,
    language: config.language,
    // Python takes it at the beginning of a file, and not in a text: editors put it there.
    code: config.code.replace(/^\ufeff/, ""),
    payload: config.input_json === undefined ? {} : config.input_json,
    timeoutMs: (config.timeout_seconds ?? defaultTimeoutSeconds) * 1000,
    signal: context.signal,
  };
  const call = { spanType: "CODE", name: `run ${config.language}`, attributes: { "code.language": config.language } } as const;
  const result = await traced(context, call, () => inTurn(context, request), spanEnd);
  if (result.kind === "completed") void context.arrives(result.resultBytes ?? 0);
  return outcomeOf(context, result);
});

/** The program's time begins with its turn and room for its result, and so does the attempt's. */
async function inTurn(context: NodeContext, request: SandboxRequest): Promise<SandboxResult> {
  const begins = context.waits();
  return context.ports.sandbox.run({ ...request, begins, entered: () => context.entered() }).finally(begins);
}

function outcomeOf(context: NodeContext, result: SandboxResult): NodeOutcome {
  if (result.kind === "completed") return completed({ outputText: result.stdout, outputJson: { result_json: result.result } });
  const { code, message, stdout } = result;
  if (code === "CODE_CANCELLED") return { ...stopped(context.signal), effectUnknown: false } as NodeOutcome;
  // The platform was busy, and the program has not begun: nothing of it has failed.
  if (code === "SANDBOX_BUSY") return { kind: "interrupted", code, message: `${message} The node is called again when there is room.` };
  // Nor has one that somebody outside has ended; it reaches nothing but its payload, so it may be begun again.
  if (code === "SANDBOX_LOST") return { kind: "interrupted", code, message: `${message} The node is called again.` };
  return failed({
    code,
    message,
    // Another host may have a sandbox; a program fails the same way again.
    retryable: code === "SANDBOX_UNAVAILABLE",
    ...(stdout === "" ? {} : { outputJson: { stdout } }),
  });
}

function spanEnd(result: SandboxResult) {
  const attributes = { "code.duration_ms": Math.round(result.durationMs), "code.stdout_chars": result.stdout.length };
  return result.kind === "completed" ? { attributes } : { attributes, errorCode: result.code, errorMessage: result.message };
}
