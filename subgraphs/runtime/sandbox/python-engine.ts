/**
 * The engine of Python programs on Linux hosts: one CPython process a program, locked in by Landlock, seccomp and rlimits (jail.py). A root's programs run as
 * nobody, so they have the configured Python where nobody may enter it, else the system's.
 */
import { runJailed } from "./jail-process.ts";
import { askInterpreter, type PythonInterpreter } from "./python-interpreter.ts";
import { jailProblem } from "./python-self-test.ts";
import { notRun, type EngineTest, type ProgramEngine, type ProgramLimits } from "./sandbox.ts";

/** Options of {@link pythonEngine}. */
export interface PythonEngineOptions {
  /** AGENT_PLATFORM_PYTHON_BIN */
  pythonBin: string;
  /** AGENT_PLATFORM_PYTHON_PACKAGES */
  pythonPackages: string | undefined;
  limits: ProgramLimits;
}

/** Where a system has its own; everybody may enter it. */
const systemPython = "/usr/bin/python3";

type Found = { python: PythonInterpreter; note: string | null };

/** Makes the engine. Nothing is started before it is asked for. */
export function pythonEngine(options: PythonEngineOptions): ProgramEngine {
  let python: PythonInterpreter | undefined;
  return {
    async test() {
      const tested = await test(options);
      if ("problem" in tested) return tested;
      ({ python } = tested);
      return { note: tested.note };
    },
    async run(program) {
      return python === undefined ? notRun("SANDBOX_UNAVAILABLE", "Python was not tested") : runJailed(python, program, options.limits);
    },
    async close() {},
  };
}

async function test({ pythonBin, pythonPackages, limits }: PythonEngineOptions): Promise<EngineTest & ({ problem: string } | Found)> {
  if (process.platform !== "linux") return { problem: `Python runs jailed on Linux only, and this is ${process.platform}.` };
  const found = await findPython(pythonBin, pythonPackages);
  if ("problem" in found) return found;
  const problem = await jailProblem(found.python, limits);
  return problem === null ? found : { problem };
}

async function findPython(pythonBin: string, packages: string | undefined): Promise<{ problem: string } | Found> {
  const configured = await asked(pythonBin, packages);
  if ("problem" in configured || configured.python.isEnterable) return configured;
  const barred = `nobody, as which root's programs run, may not enter ${configured.python.executable}`;
  const system = await asked(systemPython, packages);
  if ("problem" in system || !system.python.isEnterable)
    return {
      problem: `No usable Python: ${barred}. Set AGENT_PLATFORM_PYTHON_BIN to one that everybody may read, or do not start as root.`,
    };
  return { ...system, note: `programs in Python run in ${system.python.executable} ${system.python.version}: ${barred}` };
}

async function asked(pythonBin: string, packages: string | undefined): Promise<{ problem: string } | Found> {
  try {
    const python = await askInterpreter(pythonBin, packages);
    if (python.packagesProblem === null) return { python, note: null };
    return {
      problem: `AGENT_PLATFORM_PYTHON_PACKAGES=${packages}: ${python.packagesProblem}. Give a folder that everybody may read, or none.`,
    };
  } catch (error) {
    return { problem: `No usable Python: ${unusable(pythonBin, error)}. Set AGENT_PLATFORM_PYTHON_BIN to a Python 3.9 or newer.` };
  }
}

function unusable(pythonBin: string, error: unknown): string {
  const { code, stderr } = error as { code?: unknown; stderr?: unknown };
  if (code === "ENOENT") return `${pythonBin} is not there`;
  const said = typeof stderr === "string" ? stderr.trim().split("\n").at(-1) : undefined;
  return said || `${pythonBin} does not say what it is`;
}
