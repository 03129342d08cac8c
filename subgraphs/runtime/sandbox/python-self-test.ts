import { runJailed } from "./jail-process.ts";
import type { PythonInterpreter } from "./python-interpreter.ts";
import type { ProgramLimits } from "./sandbox.ts";

// Each attempt does no harm where it succeeds. The program lists what it was able to do.
const attempts = `
import os, socket
def reads_files(): open("/etc/passwd").close()
def lists_folders(): os.listdir("/")
def writes_files(): open("/dev/null", "w").close()
def opens_sockets(): socket.socket()
def starts_processes():
    if os.fork() == 0: os._exit(0)
def is_root(): assert 0 in (os.getuid(), os.geteuid())
def sends_signals(): os.kill(os.getpid(), 0)
def takes_memory(): bytearray(1 << 30)
def done(attempt):
    try: attempt()
    except (OSError, MemoryError, AssertionError): return False
    return True
result = {"echo": payload, "escapes": [a.__name__ for a in (
    reads_files, lists_folders, writes_files, opens_sockets, starts_processes, is_root, sends_signals, takes_memory) if done(a)]}
`;

/** Runs a program that tries to get out. null: it ran and got nowhere; else why no program should run here. */
export async function jailProblem(python: PythonInterpreter, limits: ProgramLimits): Promise<string | null> {
  const program = { code: attempts, payload: "hello", timeoutMs: 20_000, signal: new AbortController().signal };
  const outcome = await runJailed(python, program, limits);
  if (outcome.kind === "failed") return outcome.message;
  const { echo, escapes } = outcome.result as { echo?: unknown; escapes?: unknown };
  if (echo !== "hello" || !Array.isArray(escapes)) return "The jail's self-test gave a wrong answer.";
  return escapes.length === 0 ? null : `The jail does not hold: a program ${escapes.join(", ").replaceAll("_", " ")}.`;
}
