/**
 * The sandbox of a process: an engine for each language, tested before its first program; while the test fails nothing of that language runs. All
 * programs share the turns, so no tenant fills it by writing in two languages.
 */
import { availableParallelism } from "node:os";
import { NoTurn, TurnQueue } from "#shared/turn-queue.ts";
import { javascriptEngine } from "./javascript-engine.ts";
import { pythonEngine } from "./python-engine.ts";
import { notRun, type ProgramLanguage, type ProgramLimits, type SandboxPort, type SandboxRequest, type SandboxResult } from "./sandbox.ts";
import { TestedEngine } from "./tested-engine.ts";

/** Options of {@link openSandbox}. */
export interface SandboxOptions {
  /** AGENT_PLATFORM_PYTHON_BIN */
  pythonBin: string;
  /** AGENT_PLATFORM_PYTHON_PACKAGES: a folder that Python programs may import from. */
  pythonPackages?: string | undefined;
  /** Caps every program's own time-out; AGENT_PLATFORM_MAX_TIMEOUT_SECONDS. */
  maxTimeoutMs: number;
  /** Programs of one tenant at once. A process or thread each, so as many as there are processors unless given; all tenants together may have a third more. */
  concurrency?: number;
  /** Programs that may wait for their turn; 100 unless given, three quarters of it for one tenant. */
  queue?: number;
  limits?: Partial<ProgramLimits>;
}

/** The port, and what only its owner does. */
export interface Sandbox extends SandboxPort {
  /** What the operator should know: languages that do not run here and why, and in what way others do. */
  notes(): Promise<string[]>;
  /** Ends what is kept ready. */
  close(): Promise<void>;
}

const defaultLimits = { stdoutBytes: 1 << 20, resultBytes: 50 << 20 };
/** CPython takes some 10 MiB before the program begins, QuickJS less than one. */
const memoryBytes = { python: 512 << 20, javascript: 128 << 20 };
const languageNames = { python: "Python", javascript: "JavaScript" };
/** The longest wait for a turn; then it is told that there is none. */
const waitMs = 15 * 60_000;
const languages: readonly ProgramLanguage[] = ["python", "javascript"];

/** Opens it. Nothing is started before it is asked for. */
export function openSandbox(options: SandboxOptions): Sandbox {
  const { concurrency = availableParallelism(), queue = 100, maxTimeoutMs, pythonBin, pythonPackages } = options;
  const limitsOf = (language: ProgramLanguage) => ({ ...defaultLimits, memoryBytes: memoryBytes[language], ...options.limits });
  const engines = {
    python: new TestedEngine(pythonEngine({ pythonBin, pythonPackages, limits: limitsOf("python") })),
    javascript: new TestedEngine(javascriptEngine(limitsOf("javascript"))),
  };
  const turns = new TurnQueue({
    // So a tenant's programs, however long they sleep, leave a turn to the others.
    turns: concurrency + Math.ceil(concurrency / 3),
    turnsPerTenant: concurrency,
    waiting: queue,
    waitingPerTenant: Math.ceil(queue * 0.75),
    waitMs,
  });

  return {
    unavailableReason: async (language) => engines[language].problem(),

    async run(request: SandboxRequest): Promise<SandboxResult> {
      const engine = engines[request.language];
      const problem = await engine.problem();
      if (problem !== null) return notRun("SANDBOX_UNAVAILABLE", problem);
      const program = { ...request, timeoutMs: Math.min(request.timeoutMs, maxTimeoutMs) };
      const ran = await turns.run(request, async () => {
        await request.entered?.();
        request.begins?.();
        return engine.run(program);
      });
      if (!(ran instanceof NoTurn)) return ran;
      if (ran.why === "aborted") return notRun("CODE_CANCELLED", "The program was stopped because its node was.");
      return notRun("SANDBOX_BUSY", "Too many programs wait for the sandbox, of this tenant or of all.");
    },

    async notes() {
      const notes = await Promise.all(languages.map(async (language) => noteOf(languageNames[language], engines[language])));
      return notes.filter((note) => note !== null);
    },

    async close() {
      await Promise.all(languages.map((language) => engines[language].close()));
    },
  };
}

async function noteOf(name: string, engine: TestedEngine): Promise<string | null> {
  const problem = await engine.problem();
  return problem === null ? engine.note() : `code nodes in ${name} cannot run here: ${problem}`;
}
