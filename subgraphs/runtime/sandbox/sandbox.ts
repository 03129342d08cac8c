/** The port behind code nodes: runs a stranger's program and gives back what it made of its payload. */
import type { Json } from "#shared/json.ts";

/** A program, and for whom it runs. */
export interface SandboxRequest {
  /** Programs take turns by tenant. */
  tenantId: string;
  language: "python";
  code: string;
  /** The variable `payload` of the program. */
  payload: Json;
  /** From the program's start; waiting for its turn does not count. */
  timeoutMs: number;
  signal: AbortSignal;
  /** Called when its turn has come. */
  begins?: () => void;
}

export type SandboxResult =
  | { kind: "completed"; result: Json; stdout: string; durationMs: number }
  | {
      kind: "failed";
      /**
       * SANDBOX_UNAVAILABLE: this host cannot jail a program. SANDBOX_BUSY: too many wait for it, or the host could not start one now; the program has
       * not begun. Both are the platform's own word: no program can say them. CODE_CANCELLED: the request's signal fired. The others are the program's own.
       */
      code:
        | "SANDBOX_UNAVAILABLE"
        | "SANDBOX_BUSY"
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
  /** null: programs run here. Else why not, in one sentence, for the banner and the node's error. */
  unavailableReason(): Promise<string | null>;
}
