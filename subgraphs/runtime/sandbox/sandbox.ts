/** The port behind code nodes: runs a stranger's program and gives back what it made of its payload. */
import type { Json } from "#shared/json.ts";

/** Languages of programs. */
export type ProgramLanguage = "python" | "javascript";

/** A program and what it gets. */
export interface Program {
  code: string;
  /** The variable `payload` of the program. */
  payload: Json;
  /** From the program's start; waiting for its turn does not count. */
  timeoutMs: number;
  signal: AbortSignal;
  /** Waits, when its turn has come, until there is room for what it gives. */
  entered?: () => Promise<void> | undefined;
  /** Called when it begins. */
  begins?: () => void;
}

/** A program, and for whom it runs. */
export interface SandboxRequest extends Program {
  /** Programs take turns by tenant. */
  tenantId: string;
  language: ProgramLanguage;
}

/** What one program may use. */
export interface ProgramLimits {
  memoryBytes: number;
  /** Of printed text, in UTF-8; a program that prints more is stopped. */
  stdoutBytes: number;
  /** Of the result as JSON. */
  resultBytes: number;
}

/** Characters that are kept of why a program failed: its own words, and names that it chose, are in that. */
export const mostOfMessage = 4_000;

export type SandboxResult =
  | {
      kind: "completed";
      result: Json;
      stdout: string;
      durationMs: number;
      /** Of the result, as it came. */
      resultBytes?: number;
    }
  | {
      kind: "failed";
      /**
       * SANDBOX_UNAVAILABLE: this host cannot jail a program. SANDBOX_BUSY: too many wait for it, or the host could not start one now; the program has
       * not begun. SANDBOX_LOST: its process was killed, or stopped, by somebody outside, and not for what it used. These are the platform's own words: no program can say them. CODE_CANCELLED: the request's signal fired. The others are the program's own.
       */
      code:
        | "SANDBOX_UNAVAILABLE"
        | "SANDBOX_BUSY"
        | "SANDBOX_LOST"
        | "CODE_CANCELLED"
        | "CODE_ERROR"
        | "CODE_TIMEOUT"
        | "CODE_MEMORY"
        | "CODE_OUTPUT_TOO_LARGE"
        | "CODE_RESULT_NOT_JSON";
      message: string;
      stdout: string;
      durationMs: number;
    };

export interface SandboxPort {
  run(request: SandboxRequest): Promise<SandboxResult>;
  /** null: programs of this language run here. Else why not, in one sentence, for the banner and the node's error. */
  unavailableReason(language: ProgramLanguage): Promise<string | null>;
}

/** Whether programs of a language may run here. `note`: what the operator should know all the same. */
export type EngineTest = { problem: string } | { note: string | null };

/** Runs programs of one language; whose turn it is has been decided. */
export interface ProgramEngine {
  /** Finds out what is needed, and tries to get out by programs. Nothing runs before it has passed. Never rejects. */
  test(): Promise<EngineTest>;
  /** Runs a program to its end, or to ours. Never rejects. SANDBOX_UNAVAILABLE: the host could not begin it. */
  run(program: Program): Promise<SandboxResult>;
  /** Ends what it keeps ready. */
  close(): Promise<void>;
}

/** The end of a program that has not begun. */
export function notRun(code: "SANDBOX_UNAVAILABLE" | "SANDBOX_BUSY" | "CODE_CANCELLED", message: string): SandboxResult {
  return { kind: "failed", code, message, stdout: "", durationMs: 0 };
}
