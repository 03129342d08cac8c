import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const programs = {
  fake: fileURLToPath(new URL("./fake-platform.mjs", import.meta.url)),
  /** The same as the child of a process that does nothing, as npm is one. */
  fakeBelowParent: fileURLToPath(new URL("./parent.mjs", import.meta.url)),
  orphan: fileURLToPath(new URL("./orphan.mjs", import.meta.url)),
  real: fileURLToPath(new URL("../../cli/bin.mjs", import.meta.url)),
};

/** How a command line ended. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** All that it printed, to stdout and stderr. */
  output: string;
}

/** A command line under test. */
export interface CliProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** What it has printed so far. */
  printed(): string;
  /** Waits until its output has this; rejects when it ends before. */
  says(text: string): Promise<void>;
}

/** Runs a command line: the real program, or the one whose parts are fakes. */
export function runCli(program: keyof typeof programs, argv: string[], environment: Record<string, string> = {}): CliProcess {
  const env = { PATH: process.env["PATH"], AGENT_PLATFORM_LOG_LEVEL: "warn", ...environment };
  const child = spawn(process.execPath, [programs[program], ...argv], { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      for (const listener of listeners) listener();
    });
  }
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, output }));
  return {
    child,
    pid: child.pid ?? 0,
    ended,
    printed: () => output,
    async says(text) {
      const said = new Promise<void>((resolve) => {
        const check = () => {
          if (!output.includes(text)) return;
          listeners.delete(check);
          resolve();
        };
        listeners.add(check);
        check();
      });
      const tooEarly = ended.then(({ output }) => {
        if (!output.includes(text)) throw new Error(`it ended before it said ${JSON.stringify(text)}:\n${output}`);
      });
      await Promise.race([said, tooEarly]);
    },
  };
}
