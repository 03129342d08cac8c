/**
 * One program in one process of its own: started, fed, watched, and certainly dead afterwards. What it says on fd 3 is a stranger's word
 * and is taken as such: bounded, parsed, checked. Only the first line there is ours, written by jail.py before the program begins.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { performance } from "node:perf_hooks";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { readJsonInTurns } from "#shared/json-reader.ts";
import type { Json } from "#shared/json.ts";
import { maxNesting } from "#shared/json/nesting.ts";
import { excessWords, ValueCounter } from "#shared/json/value-count.ts";
import { ProcessWatch } from "./process-watch.ts";
import type { PythonInterpreter } from "./python-interpreter.ts";
import { mostOfMessage, type Program, type ProgramLimits, type SandboxResult } from "./sandbox.ts";

const jailPath = fileURLToPath(new URL("./jail.py", import.meta.url));

/** What jail.py says before the program begins. */
const beforehandSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("locked-in") }),
  z.object({ kind: z.literal("unavailable"), message: z.string() }),
]);

/** What the program says of itself, or jail.py of it. That the host is to blame is not among it. */
const answerSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("completed"), result: z.unknown() }),
  z.object({
    kind: z.literal("failed"),
    code: z.enum(["CODE_ERROR", "CODE_MEMORY", "CODE_OUTPUT_TOO_LARGE", "CODE_RESULT_NOT_JSON"]),
    message: z.string().transform((message) => message.slice(0, mostOfMessage)),
  }),
]);

type FailureCode = Extract<SandboxResult, { kind: "failed" }>["code"];
type Verdict = { kind: "completed"; result: Json } | { kind: "failed"; code: FailureCode; message: string };

/**
 * A clock that is this late was held up: this process stood still, or was busy, and the program may have ended long ago. Clocks are looked at before pipes are, so
 * there is time to read what it has said.
 */
const lateMs = 200;
const readMs = 1_000;

/** Runs a program to its end, or to ours. Never rejects. */
export async function runJailed(python: PythonInterpreter, program: Program, limits: ProgramLimits): Promise<SandboxResult> {
  const startedMs = performance.now();
  const child = spawn(python.executable, ["-I", "-S", "-B", "-X", "utf8", jailPath], {
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    env: {},
    cwd: "/",
    // A process group of its own, so that killing reaches whatever it might have started.
    detached: true,
  });
  // At once: a start that fails is an event, which without a listener ends this process.
  const ending = ended(child);
  const watch = new ProcessWatch(child.pid);
  let stopped: Verdict | undefined;
  const stop = (code: FailureCode, message: string) => {
    stopped ??= { kind: "failed", code, message };
    killGroup(child);
  };
  const over = () =>
    watch.wasStopped
      ? stop("SANDBOX_LOST", "The program was stopped from outside of the platform.")
      : stop("CODE_TIMEOUT", `The program ran longer than ${program.timeoutMs} ms.`);
  let timer = setTimeout(() => {
    const isLate = performance.now() - startedMs > program.timeoutMs + lateMs;
    timer = setTimeout(over, isLate ? readMs : 0);
  }, program.timeoutMs);
  const onAbort = () => stop("CODE_CANCELLED", "The program was stopped because its node was.");
  program.signal.addEventListener("abort", onAbort, { once: true });
  if (program.signal.aborted) onAbort();

  const stdout = collect(child.stdout, limits.stdoutBytes, () =>
    stop("CODE_OUTPUT_TOO_LARGE", `The program printed more than ${limits.stdoutBytes} bytes.`),
  );
  const stderr = collect(child.stderr, 16 * 1024, () => {});
  const answerPipe = pipeOf(child, 3);
  const answer = collect(answerPipe, limits.resultBytes + 1024, () =>
    stop("CODE_OUTPUT_TOO_LARGE", `The program's result is larger than ${limits.resultBytes} bytes.`),
  );
  // While it comes, a chunk at a time: read at once, millions of values would hold up everybody else for seconds.
  const values = new ValueCounter();
  answerPipe?.on("data", (chunk: Buffer) => {
    if (stopped !== undefined) return;
    values.add(chunk);
    const { excess } = values;
    if (excess !== undefined) stop("CODE_OUTPUT_TOO_LARGE", `The program's result ${excessWords(excess)}; give back less, or text.`);
    // jail.py refuses less; what is written past it would overflow the stack of whoever reads it.
    if (values.deepest > maxNesting) stop("CODE_RESULT_NOT_JSON", `The program's result is nested more than ${maxNesting} deep.`);
  });
  feed(child, python, program, limits);
  const end = await ending;
  const tookMemory = watch.tookMemory(limits.memoryBytes);
  clearTimeout(timer);
  program.signal.removeEventListener("abort", onAbort);
  const said = answer();
  const usedTime = performance.now() - startedMs > cpuSecondsOf(program) * 1_000;
  const verdict = stopped ?? (await judge(end, said, { stderr: stderr(), mayBeItsOwn: tookMemory || usedTime }));
  // PostgreSQL's text cannot hold NUL; printed text is for people.
  const size = verdict.kind === "completed" ? { resultBytes: said.length } : {};
  return { ...verdict, ...size, stdout: stdout().replaceAll("\u0000", "\ufffd"), durationMs: performance.now() - startedMs };
}

function feed(child: ChildProcess, python: PythonInterpreter, program: Program, limits: ProgramLimits): void {
  const request = {
    code: program.code,
    payload: program.payload,
    libraries: python.libraries,
    packages: python.packages,
    limits: {
      memoryBytes: limits.memoryBytes,
      cpuSeconds: cpuSecondsOf(program),
      resultBytes: limits.resultBytes,
    },
  };
  // A child that died before it read everything is judged by its end.
  child.stdin?.on("error", () => {});
  child.stdin?.end(JSON.stringify(request));
}

/** Behind the clock on the wall, for the case that whoever watches it dies. */
const cpuSecondsOf = ({ timeoutMs }: Program): number => Math.ceil(timeoutMs / 1000) + 1;

/** A child that could not be started for want of file descriptors has no pipes at all, whatever the types say. */
function pipeOf(child: ChildProcess, index: number): Readable | null {
  return ((child.stdio as ChildProcess["stdio"] | undefined)?.[index] ?? null) as Readable | null;
}

/** Keeps the first `maxBytes` and drops the rest; `onExceeded` is told once. Returns a reader of what has come; each piece was made text as it came. */
function collect(stream: Readable | null | undefined, maxBytes: number, onExceeded: () => void): () => string {
  const decoder = new StringDecoder("utf8");
  const pieces: string[] = [];
  let bytes = 0;
  stream?.on("error", () => {});
  stream?.on("data", (chunk: Buffer) => {
    const exceededBefore = bytes > maxBytes;
    if (bytes < maxBytes) pieces.push(decoder.write(chunk.subarray(0, maxBytes - bytes)));
    bytes += chunk.length;
    if (bytes > maxBytes && !exceededBefore) onExceeded();
  });
  return () => pieces.join("") + decoder.end();
}

type End = { exitCode: number | null; signal: NodeJS.Signals | null } | { startError: Error };

function ended(child: ChildProcess): Promise<End> {
  return new Promise((resolve) => {
    child.once("error", (startError) => resolve({ startError }));
    child.once("close", (exitCode, signal) => resolve({ exitCode, signal }));
  });
}

/** What a program cannot send itself, nor the kernel for what it does. */
const othersSignals: ReadonlySet<string> = new Set(["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"]);

/** How a process ended, beside its exit code. */
interface Traces {
  stderr: string;
  /** A SIGKILL may be for what it used. */
  mayBeItsOwn: boolean;
}

async function judge(end: End, answer: string, { stderr, mayBeItsOwn }: Traces): Promise<Verdict> {
  if ("startError" in end) return failed("SANDBOX_UNAVAILABLE", `Python could not be started: ${end.startError.message}.`);
  const firstEnd = (answer.indexOf("\n") + 1 || answer.length + 1) - 1;
  const first = answer.slice(0, firstEnd);
  const beforehand = beforehandSchema.safeParse(parseJson(first)).data;
  if (beforehand?.kind === "unavailable") return failed("SANDBOX_UNAVAILABLE", `This host cannot jail a program: ${beforehand.message}.`);
  // It ended before the program began, so that was not the program's doing.
  if (beforehand === undefined)
    return failed("SANDBOX_UNAVAILABLE", `Python ended before the program began: ${lastLine(stderr) ?? endOf(end)}.`);
  const said = answerSchema.safeParse(await readJsonInTurns(answer.slice(firstEnd + 1), { isOurs: true })).data;
  if (said !== undefined) return said.kind === "completed" ? { kind: "completed", result: (said.result ?? null) as Json } : said;
  if (end.signal === "SIGXCPU") return failed("CODE_TIMEOUT", "The program used up its processor time.");
  // Not by us, who would have noted it, and it cannot do so itself.
  if (othersSignals.has(end.signal ?? "") || (end.signal === "SIGKILL" && !mayBeItsOwn))
    return failed("SANDBOX_LOST", "The program was killed from outside of the platform.");
  // By the kernel, for processor time or for want of memory.
  if (end.signal === "SIGKILL") return failed("CODE_MEMORY", "The program was killed by the system, most likely for want of memory.");
  if (/MemoryError/.test(stderr)) return failed("CODE_MEMORY", "The program ran out of memory.");
  if (end.signal) return failed("CODE_ERROR", `The program crashed its interpreter (${end.signal}).`);
  return failed("CODE_ERROR", `The program ended its interpreter without a result (exit code ${end.exitCode}).`);
}

function endOf({ exitCode, signal }: { exitCode: number | null; signal: NodeJS.Signals | null }): string {
  return signal === null ? `exit code ${exitCode}` : signal;
}

function lastLine(stderr: string): string | undefined {
  return stderr.trim().split("\n").at(-1)?.slice(0, 500) || undefined;
}

function failed(code: FailureCode, message: string): Verdict {
  return { kind: "failed", code, message };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function killGroup(child: ChildProcess): void {
  // An ended child's id may be another process's by now.
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // ESRCH: all of it has ended already.
  }
}
