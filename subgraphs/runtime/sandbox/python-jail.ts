/**
 * The sandbox driver of Linux hosts: one CPython process a program, locked in by Landlock, seccomp and rlimits (jail.py). It is tested once
 * before the first program, by a program that tries to get out; while the test fails nothing runs.
 */
import { availableParallelism } from "node:os";
import { runJailed, type JailLimits } from "./jail-process.ts";
import { askInterpreter, type PythonInterpreter } from "./python-interpreter.ts";
import type { SandboxPort, SandboxRequest, SandboxResult } from "./sandbox.ts";
import { jailProblem } from "./self-test.ts";
import { NoTurn, TurnQueue } from "#shared/turn-queue.ts";

/** Options of {@link createPythonJail}. */
export interface PythonJailOptions {
  /** AGENT_PLATFORM_PYTHON_BIN */
  pythonBin: string;
  /** Caps every program's own time-out; AGENT_PLATFORM_MAX_TIMEOUT_SECONDS. */
  maxTimeoutMs: number;
  /** Programs of one tenant at once. A process each, so as many as there are processors unless given; all tenants together may have a third more. */
  concurrency?: number;
  /** Programs that may wait for their turn; 100 unless given, three quarters of it for one tenant. */
  queue?: number;
  limits?: Partial<JailLimits>;
}

const defaultLimits: JailLimits = { memoryBytes: 512 << 20, stdoutBytes: 1 << 20, resultBytes: 50 << 20 };

/** The longest wait for a turn; then it is told that there is none. */
const waitMs = 15 * 60_000;

// A failed test is made again after this long: the host may have been too busy to answer in time.
const retestMs = 60_000;

type Tested = { python: PythonInterpreter } | { problem: string; atMs: number };

/** Makes the driver. Nothing is started before it is asked for. */
export function createPythonJail(options: PythonJailOptions): SandboxPort {
  const limits = { ...defaultLimits, ...options.limits };
  const { concurrency = availableParallelism(), queue = 100 } = options;
  const turns = new TurnQueue({
    // So a tenant's programs, however long they sleep, leave a turn to the others.
    turns: concurrency + Math.ceil(concurrency / 3),
    turnsPerTenant: concurrency,
    waiting: queue,
    waitingPerTenant: Math.ceil(queue * 0.75),
    waitMs,
  });
  let testing: Promise<Tested> | undefined;

  async function tested(): Promise<Tested> {
    const current = (testing ??= test(options.pythonBin, limits));
    const outcome = await current;
    if (!("problem" in outcome) || Date.now() - outcome.atMs <= retestMs) return outcome;
    // Whoever comes first starts the new test; the others wait for it.
    if (testing === current) testing = undefined;
    return tested();
  }

  /** This host has jailed a program before: it lacks something now, such as processes or memory. Where it lasts, the next test says so. */
  function notNow(problem: string): SandboxResult {
    testing = undefined;
    return notRun("SANDBOX_BUSY", problem);
  }

  return {
    async unavailableReason() {
      const outcome = await tested();
      return "problem" in outcome ? outcome.problem : null;
    },

    async run(request: SandboxRequest): Promise<SandboxResult> {
      const outcome = await tested();
      if ("problem" in outcome) return notRun("SANDBOX_UNAVAILABLE", outcome.problem);
      const program = { ...request, timeoutMs: Math.min(request.timeoutMs, options.maxTimeoutMs) };
      const ran = await turns.run(request, () => {
        request.begins?.();
        return runJailed(outcome.python, program, limits);
      });
      if (!(ran instanceof NoTurn)) return ran.kind === "failed" && ran.code === "SANDBOX_UNAVAILABLE" ? notNow(ran.message) : ran;
      if (ran.why === "aborted") return notRun("CODE_CANCELLED", "The program was stopped because its node was.");
      return notRun("SANDBOX_BUSY", "Too many programs wait for the sandbox, of this tenant or of all.");
    },
  };
}

async function test(pythonBin: string, limits: JailLimits): Promise<Tested> {
  const failed = (problem: string) => ({ problem, atMs: Date.now() });
  if (process.platform !== "linux") return failed(`Python runs jailed on Linux only, and this is ${process.platform}.`);
  try {
    const python = await askInterpreter(pythonBin);
    const problem = await jailProblem(python, limits);
    return problem === null ? { python } : failed(problem);
  } catch (error) {
    return failed(`No usable Python: ${unusable(pythonBin, error)}. Set AGENT_PLATFORM_PYTHON_BIN to a Python 3.9 or newer.`);
  }
}

function unusable(pythonBin: string, error: unknown): string {
  const { code, stderr } = error as { code?: unknown; stderr?: unknown };
  if (code === "ENOENT") return `${pythonBin} is not there`;
  const said = typeof stderr === "string" ? stderr.trim().split("\n").at(-1) : undefined;
  return said || `${pythonBin} does not say what it is`;
}

function notRun(code: "SANDBOX_UNAVAILABLE" | "SANDBOX_BUSY" | "CODE_CANCELLED", message: string): SandboxResult {
  return { kind: "failed", code, message, stdout: "", durationMs: 0 };
}
