/** Programs of code nodes through the sandbox's port: no run around them, all processors. */
import { availableParallelism } from "node:os";
import { openSandbox, type Sandbox } from "../subgraphs/runtime/sandbox/open-sandbox.ts";
import type { ProgramLanguage, SandboxRequest } from "../subgraphs/runtime/sandbox/sandbox.ts";
import { drive, quantile, round, type Figure } from "./figures.ts";

/** The sample of the specification (S-58), in both languages; and a program that never ends. */
const samples = {
  python: "total = sum(payload['numbers'])\nprint(f'total={total}')\nresult = {'total': total, 'count': len(payload['numbers'])}",
  javascript:
    "const total = payload.numbers.reduce((a, b) => a + b, 0);\nconsole.log(`total=${total}`);\nresult = { total, count: payload.numbers.length };",
};
const endless = { python: "while True: pass", javascript: "for (;;) {}" };
const inNative = { python: "import re\nre.match('(a+)+$', 'a' * 40 + 'b')", javascript: "for (;;) (3n ** 600000n).toString()" };
const counts = { python: 200, javascript: 1_000 };
const deadlineMs = 200;
const kills = 10;

/** One case for each language: a program alone, as many at once as there are processors, and how long after its deadline one that goes on is dead. */
export async function benchPrograms(runs: number | undefined): Promise<Figure[]> {
  const sandbox = openSandbox({ pythonBin: "python3", maxTimeoutMs: 60_000 });
  try {
    const figures: Figure[] = [];
    for (const language of ["python", "javascript"] as const) {
      const reason = await sandbox.unavailableReason(language);
      if (reason !== null) throw new Error(reason);
      figures.push(await figureOf(sandbox, language, runs ?? counts[language]));
    }
    return figures;
  } finally {
    await sandbox.close();
  }
}

async function figureOf(sandbox: Sandbox, language: ProgramLanguage, count: number): Promise<Figure> {
  const work = () => sample(sandbox, language);
  await drive(20, availableParallelism(), work);
  const alone = await drive(Math.ceil(count / 4), 1, work);
  const together = await drive(count, availableParallelism(), work);
  const late: number[] = [];
  for (let index = 0; index < kills; index++)
    late.push(await lateness(sandbox, language, index % 2 === 0 ? endless[language] : inNative[language]));
  return {
    bench: "programs",
    case: language,
    values: {
      p50Ms: round(quantile(alone.latencies, 0.5)),
      p99Ms: round(quantile(alone.latencies, 0.99)),
      programsPerS: round((count / together.wallMs) * 1_000),
      deadAfterDeadlineP50Ms: round(quantile(late, 0.5)),
      deadAfterDeadlineMaxMs: round(Math.max(...late)),
    },
  };
}

async function sample(sandbox: Sandbox, language: ProgramLanguage): Promise<void> {
  const outcome = await sandbox.run(request(language, samples[language], 30_000));
  if (outcome.kind === "failed") throw new Error(`${outcome.code}: ${outcome.message}`);
}

/** Milliseconds from a program's deadline to its end. */
async function lateness(sandbox: Sandbox, language: ProgramLanguage, code: string): Promise<number> {
  const outcome = await sandbox.run(request(language, code, deadlineMs));
  if (outcome.kind === "completed" || outcome.code !== "CODE_TIMEOUT") throw new Error("a program that never ends has ended otherwise");
  return outcome.durationMs - deadlineMs;
}

function request(language: ProgramLanguage, code: string, timeoutMs: number): SandboxRequest {
  return { tenantId: "bench", language, code, payload: { numbers: [1, 2, 3, 4] }, timeoutMs, signal: new AbortController().signal };
}
