/** The threads of EvaluationThreads. Erasable TypeScript only, as all that it imports: it is run by Node without a build step. */
import { parentPort } from "node:worker_threads";
import { AppError } from "#shared/errors.ts";
import type { JobMessage, ThreadMessage } from "./thread-messages.ts";

type JobFunction = (args: unknown, text: string | undefined) => unknown;

const loaded = new Set<string>();

function say(message: ThreadMessage): void {
  parentPort?.postMessage(message);
}

parentPort?.on("message", (message: JobMessage) => void answer(message));

async function answer({ module, name, pieces, text, maxResultChars }: JobMessage): Promise<void> {
  try {
    const { [name]: run } = (await import(module)) as Record<string, JobFunction>;
    if (!loaded.has(module)) say({ kind: "loaded" });
    loaded.add(module);
    if (name === "") return say({ kind: "done", json: "null" });
    if (run === undefined) throw new Error(`${module} exports no ${name}`);
    const json = JSON.stringify(run(JSON.parse(pieces.join("")), text) ?? null);
    say(json.length > maxResultChars ? { kind: "too-large" } : { kind: "done", json });
  } catch (error) {
    say(failure(error));
  }
}

function failure(error: unknown): ThreadMessage {
  if (error instanceof AppError) {
    const { code, reason, message, facts } = error;
    return { kind: "refused", code, reason, message, facts };
  }
  if (error instanceof RangeError && error.message === "Invalid string length") return { kind: "too-large" };
  return error instanceof Error
    ? { kind: "bug", message: error.message, stack: error.stack }
    : { kind: "bug", message: String(error), stack: undefined };
}
